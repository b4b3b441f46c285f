/** The chat window: shows the turns of one conversation and sends what the person taps or types. */
import { ours, theirs, typing, type Words } from './chat/log';
import { Stream } from './chat/stream';
import { token } from './chat/token';
import { type Button, type Message, read, Refused, type Said, type Turn, Wire } from './chat/turns';

interface ChatWords extends Words {
  trouble: string;
  again: string;
  back: string;
  refused: string;
}

type Entry = { from: 'person'; text: string } | { from: 'service'; message: Message; page?: string; lang?: string };

interface Seen {
  position: number;
  entries: Entry[];
}

const LOG = 'vikno.log';
const MOST_KEPT = 120;
const TYPING_AFTER_MS = 350;

class Chat {
  private readonly root = part(document, '[data-chat]');
  private readonly lang = this.root.dataset.lang ?? '';
  private readonly words = JSON.parse(this.root.dataset.words ?? '{}') as ChatWords;
  private readonly list = part<HTMLOListElement>(this.root, '[data-log]');
  private readonly scroller = part(this.root, '[data-scroll]');
  private readonly choices = part(this.root, '[data-choices]');
  private readonly state = part(this.root, '[data-state]');
  private readonly form = part<HTMLFormElement>(this.root, '[data-say]');
  private readonly input = part<HTMLInputElement>(this.root, '[data-say] input');
  private readonly wire = new Wire((seconds) => this.trouble(seconds));
  private readonly own = new Set<string>();
  private entries: Entry[] = [];
  private position = 0;
  private asked: Message | null = null;
  private stream: Stream | null = null;
  /** Counts conversations, so that an answer which comes after its conversation is over is not shown. */
  private talk = 0;

  constructor() {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (!text) return;
      this.input.value = '';
      void this.say({ text, said: text, lang: this.lang });
    });
    part(this.root, '[data-forget]').addEventListener('click', () => void this.forget());
    document.addEventListener('visibilitychange', () => this.listen());
  }

  /** Go on where the conversation stands, or begin; `start` and `follow` come from the link that led here. */
  async begin(): Promise<void> {
    const start = this.root.dataset.start || null;
    const follow = this.root.dataset.follow || null;
    const current = token.get() ? await this.current() : null;
    if (current) this.restore(current);
    // Who follows a link to the page of another language wants that language; who reloads a page does not.
    if (current?.lang && current.lang !== this.lang && !reloaded()) await this.say({ lang: this.lang });
    if (start || !current) await this.say({ start, lang: this.lang });
    if (follow) await this.say({ text: follow, said: follow, lang: this.lang });
    if (start || follow) history.replaceState(null, '', location.pathname);
    this.listen();
  }

  private async say(said: Said): Promise<void> {
    const bubble = 'said' in said && !this.ticking(said) ? this.add({ from: 'person', text: said.said }) : null;
    if (bubble) bubble.dataset.waiting = '';
    const dots = typing();
    const slow = setTimeout(() => this.append(dots), TYPING_AFTER_MS);
    const event = crypto.randomUUID();
    const { talk } = this;
    this.own.add(event);
    try {
      const turn = await this.wire.send(said, event);
      if (talk === this.talk) this.show(turn);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (talk !== this.talk) return;
      if (error.unknown) await this.anew(error.message);
      else this.state.textContent = error.message || this.words.refused;
    } finally {
      clearTimeout(slow);
      dots.remove();
      bubble?.removeAttribute('data-waiting');
    }
  }

  /** A tick of a choice of several changes the buttons, and says nothing. */
  private ticking(said: Said): boolean {
    const tapped = 'tap' in said ? this.asked?.buttons.find((button) => button.id === said.tap) : undefined;
    return this.asked?.input === 'choose_any' && (tapped?.style === 'choice' || tapped?.style === 'chosen');
  }

  private show(turn: Turn): void {
    let first: HTMLElement | null = null;
    if (turn.position > this.position || !this.asked) {
      const again = this.asked;
      for (const message of turn.messages) {
        const ticked = message.input === 'choose_any' && message.fact === again?.fact && turn.messages.length === 1;
        if (ticked) continue;
        const page = message.kind === 'outcome' ? turn.page : undefined;
        const bubble = this.add({ from: 'service', message, page, lang: turn.lang });
        first ??= bubble;
      }
    }
    this.position = Math.max(this.position, turn.position);
    // What only explains leaves the buttons of the question as they are.
    this.asked = turn.messages.findLast((message) => message.buttons.length > 0) ?? this.asked;
    if (turn.lang) this.choices.lang = turn.lang;
    this.offer(this.asked?.buttons ?? []);
    this.reveal(first);
    this.keep();
  }

  /** Down to the buttons, but never past the beginning of what was just said. */
  private reveal(first: HTMLElement | null): void {
    const { scroller } = this;
    const begins = first ? first.offsetTop - scroller.offsetTop - 12 : scroller.scrollHeight;
    scroller.scrollTop = Math.min(begins, scroller.scrollHeight - scroller.clientHeight);
  }

  private offer(buttons: Button[]): void {
    const active = document.activeElement;
    const kept = active instanceof HTMLElement && this.choices.contains(active) ? (active.dataset.label ?? '') : null;
    const several = this.asked?.input === 'choose_any';
    const groups = [buttons.filter((button) => button.style !== 'nav'), buttons.filter((button) => button.style === 'nav')];
    this.choices.replaceChildren(
      ...groups
        .filter((group) => group.length > 0)
        .map((group) => {
          const row = document.createElement('ul');
          row.className = 'vk-buttons';
          row.append(...group.map((button) => this.button(button, several)));
          return row;
        }),
    );
    if (kept === null) return;
    const all = [...this.choices.querySelectorAll<HTMLButtonElement>('button')];
    (all.find((button) => button.dataset.label === kept) ?? all[0] ?? this.input).focus({ preventScroll: true });
  }

  private button(button: Button, several: boolean): HTMLLIElement {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = 'ds-button';
    if (button.style !== 'action') made.dataset.variant = 'secondary';
    if (button.style === 'nav') made.dataset.minor = '';
    if (several && (button.style === 'choice' || button.style === 'chosen')) {
      made.setAttribute('aria-pressed', String(button.style === 'chosen'));
    }
    made.dataset.label = button.label;
    made.textContent = button.label;
    made.addEventListener('click', () => void this.say({ tap: button.id, said: button.label }));
    const item = document.createElement('li');
    item.append(made);
    return item;
  }

  private add(entry: Entry): HTMLLIElement {
    this.entries.push(entry);
    const bubble = entry.from === 'person' ? theirs(entry.text, this.words) : ours(entry.message, this.words, entry.page);
    if (entry.from === 'service' && entry.lang) bubble.lang = entry.lang;
    this.append(bubble);
    return bubble;
  }

  private append(bubble: HTMLLIElement): void {
    this.list.append(bubble);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private keep(): void {
    this.entries = this.entries.slice(-MOST_KEPT);
    sessionStorage.setItem(LOG, JSON.stringify({ position: this.position, entries: this.entries } satisfies Seen));
  }

  /** What this tab has seen of the conversation, then where it stands now. */
  private restore(current: Turn): void {
    try {
      const seen = JSON.parse(sessionStorage.getItem(LOG) ?? 'null') as Seen | null;
      for (const entry of seen?.entries ?? []) this.add(entry);
      this.position = seen?.position ?? 0;
      this.asked = this.entries.findLast((entry) => entry.from === 'service')?.message ?? null;
    } catch {
      sessionStorage.removeItem(LOG);
    }
    this.show(current);
  }

  /** Forget the conversation, here and on the server, and begin a new one. */
  private async forget(): Promise<void> {
    this.clear();
    this.wire.forget();
    await this.say({ start: null, lang: this.lang });
    this.listen();
    this.input.focus();
  }

  /** The server does not know the conversation any more: say so, and begin a new one. */
  private async anew(reason: string): Promise<void> {
    this.clear();
    token.drop();
    await this.say({ start: null, lang: this.lang });
    this.state.textContent = reason || this.words.refused;
    this.listen();
  }

  private clear(): void {
    this.talk += 1;
    sessionStorage.removeItem(LOG);
    this.entries = [];
    this.position = 0;
    this.asked = null;
    this.list.replaceChildren();
    this.choices.replaceChildren();
    this.stream?.close();
    this.stream = null;
  }

  private trouble(seconds: number | null): void {
    if (seconds === null) {
      this.state.replaceChildren();
      return;
    }
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'ds-link';
    again.textContent = this.words.again;
    again.addEventListener('click', () => this.wire.retryNow());
    this.state.replaceChildren(`${this.words.trouble} `, again);
  }

  /** Where the conversation stands now; null when the server does not know it any more. */
  private async current(): Promise<Turn | null> {
    try {
      const response = await fetch('/chat/state', { headers: { 'x-conversation': token.get() ?? '' } });
      if (response.ok) return read((await response.text()).split('\n').filter(Boolean));
      if (response.status === 404) token.drop();
    } catch {
      this.trouble(0);
    }
    return null;
  }

  /** Turns made in other tabs. Only a tab that is seen listens: browsers allow few such lines at once. */
  private listen(): void {
    const conversation = token.get();
    if (document.hidden || !conversation) {
      this.stream?.close();
      this.stream = null;
      return;
    }
    if (this.stream) return;
    this.stream = new Stream(
      conversation,
      this.position,
      (turn) => {
        if (!this.own.has(turn.event)) this.show(turn);
      },
      (reason) => void this.anew(reason),
    );
  }
}

function reloaded(): boolean {
  const [entry] = performance.getEntriesByType('navigation');
  return entry instanceof PerformanceNavigationTiming && entry.type === 'reload';
}

function part<T extends HTMLElement = HTMLElement>(within: ParentNode, selector: string): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the chat page lacks ${selector}`);
  return found;
}

void new Chat().begin();
