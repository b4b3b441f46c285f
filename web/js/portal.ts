/** What scripts add to the pages. Every page does its work without them. */
import { enhanceSelects } from './combobox';

const root = document.documentElement;
root.dataset.scripts = '';

/** The error summary speaks first, as WCAG technique G139 advises. */
document.querySelector<HTMLElement>('[data-focus]')?.focus();

/** “None of these” and the other ticks exclude each other. */
document.addEventListener('change', ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.type !== 'checkbox' || !target.checked || !target.form) return;
  const alone = target.hasAttribute('data-alone');
  for (const other of target.form.querySelectorAll<HTMLInputElement>(`input[type="checkbox"][name="${target.name}"]`)) {
    if (other !== target && (alone || other.hasAttribute('data-alone'))) other.checked = false;
  }
});

/** Colours change at once; the server remembers them for the next page. */
const scheme = document.querySelector<HTMLFormElement>('.vk-scheme');
scheme?.addEventListener('submit', (event) => {
  const button = event.submitter as HTMLButtonElement | null;
  if (!button) return;
  event.preventDefault();
  void fetch(scheme.action, { method: 'POST', body: new URLSearchParams({ scheme: button.value, back: '/' }), redirect: 'manual' });
  root.dataset.colorScheme = button.value;
  document
    .querySelector('meta[name="color-scheme"]')
    ?.setAttribute('content', button.value === 'auto' ? 'light dark' : button.value);
  for (const other of scheme.querySelectorAll<HTMLButtonElement>('button')) {
    other.hidden = other.dataset.now !== button.value;
    if (!other.hidden) other.focus();
  }
});

/** The address that says all of this page and nothing of this visit. */
function address(): string {
  const own = document.querySelector<HTMLLinkElement>('link[rel="canonical"]');
  return own?.href ?? location.href;
}

const actions: Record<string, (button: HTMLElement) => unknown> = {
  print: () => print(),
  copy: async (button) => {
    await navigator.clipboard.writeText(address());
    say(button.dataset.done ?? '');
  },
  share: (button) => navigator.share({ title: button.dataset.title, url: address() }).catch(() => undefined),
};

function say(text: string): void {
  const place = document.querySelector('[data-said]');
  if (place) place.textContent = text;
}

for (const button of document.querySelectorAll<HTMLElement>('[data-do]')) {
  if (button.dataset.do === 'share') button.hidden = !('share' in navigator);
  if (button.dataset.do === 'copy') button.hidden = !navigator.clipboard;
  button.addEventListener('click', () => actions[button.dataset.do ?? '']?.(button));
}

/** Paper has no taps: unfold everything for it. */
addEventListener('beforeprint', () => {
  for (const fold of document.querySelectorAll<HTMLDetailsElement>('details:not([open])')) {
    fold.open = true;
    fold.dataset.printed = '';
  }
});
addEventListener('afterprint', () => {
  for (const fold of document.querySelectorAll<HTMLDetailsElement>('details[data-printed]')) {
    fold.open = false;
    delete fold.dataset.printed;
  }
});

enhanceSelects();
