/**
 * A long <select> becomes a field to type in with a list below it, as the ARIA pattern "editable combobox with list
 * autocomplete" describes. The <select> stays, hidden, and is what the form sends.
 */
const MOST_SHOWN = 60;

export function enhanceSelects(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>('select[data-search]')) new Combobox(select);
}

/** For comparing: small letters, without marks, one kind of apostrophe. */
function plain(text: string): string {
  return text
    .toLocaleLowerCase()
    .normalize('NFC')
    .replace(/['`´ʼ‘]/g, '’')
    .trim();
}

class Combobox {
  private readonly input = document.createElement('input');
  private readonly list = document.createElement('ul');
  private readonly status = document.createElement('span');
  private readonly choices: { option: HTMLOptionElement; plain: string }[];
  private shown: HTMLOptionElement[] = [];
  private active = -1;

  constructor(private readonly select: HTMLSelectElement) {
    this.choices = [...select.options]
      .filter((option) => option.value)
      .map((option) => ({ option, plain: plain(option.text) }));
    this.build();
    this.input.addEventListener('input', () => this.open());
    this.input.addEventListener('click', () => this.open());
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.input.addEventListener('blur', () => this.settle());
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
      if (row?.dataset.at) this.choose(Number(row.dataset.at));
    });
  }

  private build(): void {
    const { select, input, list, status } = this;
    const box = document.createElement('div');
    box.className = 'vk-combobox';
    input.className = select.className;
    input.type = 'text';
    input.autocomplete = 'off';
    input.id = select.id;
    input.placeholder = select.dataset.search ?? '';
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', `${select.id}-list`);
    for (const name of ['aria-describedby', 'aria-invalid']) {
      const value = select.getAttribute(name);
      if (value) input.setAttribute(name, value);
    }
    list.id = `${select.id}-list`;
    list.setAttribute('role', 'listbox');
    const label = document.querySelector(`label[for="${select.id}"]`);
    list.setAttribute('aria-label', label?.textContent ?? '');
    status.className = 'ds-sr-only';
    status.setAttribute('role', 'status');
    select.id = `${select.id}-select`;
    select.hidden = true;
    input.value = this.chosenText();
    box.append(input, list, status);
    select.after(box);
    this.close();
  }

  private chosenText(): string {
    return this.select.value ? (this.select.selectedOptions[0]?.text ?? '') : '';
  }

  private open(): void {
    const typed = plain(this.input.value);
    const unchanged = this.input.value === this.chosenText();
    const starts = this.choices.filter((choice) => choice.plain.startsWith(typed));
    const holds = this.choices.filter((choice) => !choice.plain.startsWith(typed) && choice.plain.includes(typed));
    const found = unchanged ? this.choices : [...starts, ...holds];
    this.shown = found.slice(0, MOST_SHOWN).map((choice) => choice.option);
    this.list.replaceChildren(
      ...this.shown.map((option, at) => {
        const row = document.createElement('li');
        row.id = `${this.list.id}-${at}`;
        row.setAttribute('role', 'option');
        row.dataset.at = String(at);
        row.textContent = option.text;
        return row;
      }),
    );
    this.list.hidden = this.shown.length === 0;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    this.status.textContent = this.shown.length ? String(this.shown.length) : (this.select.dataset.none ?? '');
    this.mark(typed && this.shown.length === 1 ? 0 : -1);
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.mark(-1);
  }

  private mark(at: number): void {
    this.active = at;
    for (const [i, row] of [...this.list.children].entries()) {
      row.setAttribute('aria-selected', String(i === at));
      if (i === at) row.scrollIntoView({ block: 'nearest' });
    }
    if (at < 0) this.input.removeAttribute('aria-activedescendant');
    else this.input.setAttribute('aria-activedescendant', `${this.list.id}-${at}`);
  }

  private choose(at: number): void {
    const option = this.shown[at];
    if (!option) return;
    this.select.value = option.value;
    this.input.value = option.text;
    this.close();
  }

  /** What is typed exactly as an option is that option; anything else is no answer yet. */
  private settle(): void {
    const typed = plain(this.input.value);
    const same = this.choices.find((choice) => choice.plain === typed);
    this.select.value = same ? same.option.value : '';
    this.close();
  }

  private key(event: KeyboardEvent): void {
    const last = this.shown.length - 1;
    switch (event.key) {
      case 'ArrowDown':
        if (this.list.hidden) this.open();
        this.mark(Math.min(this.active + 1, this.shown.length - 1));
        break;
      case 'ArrowUp':
        this.mark(Math.max(this.active - 1, last < 0 ? -1 : 0));
        break;
      case 'Enter':
        if (this.list.hidden || this.active < 0) return;
        this.choose(this.active);
        break;
      case 'Escape':
        if (this.list.hidden) return;
        this.close();
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
