/** What goes to the server and comes back: one turn at a time, in order, each sent until it is answered. */
import { token } from './token';

export interface Button {
  id: string;
  label: string;
  style: 'choice' | 'chosen' | 'action' | 'nav';
}

export interface Citation {
  title: string;
  url: string | null;
}

export interface Line {
  text: string;
  amount: string | null;
  caution: string | null;
  basis: Citation[];
  why: string | null;
  alternative: boolean;
}

export interface Section {
  kind: string;
  title: string;
  lines: Line[];
}

export interface Checklist {
  title: string;
  outcome: string;
  dated: string;
  total: string | null;
  receipt: string;
  sections: Section[];
}

export interface Message {
  kind: 'question' | 'outcome' | 'notice' | 'why' | 'choice';
  text: string;
  buttons: Button[];
  checklist: Checklist | null;
  fact: string | null;
  input: string | null;
}

/** `event` names the turn it answers, so that a tab knows its own turns again; `page`: the outcome's address. */
export interface Turn {
  conversation: string;
  event: string;
  position: number;
  lang?: string;
  page?: string;
  messages: Message[];
}

export type Said =
  | { start: string | null; lang: string }
  | { tap: string; said: string }
  | { text: string; said: string; lang: string }
  | { lang: string };

const PATIENCE_MS = 15_000;
const PAUSES_S = [1, 2, 4, 8, 15];

/** Refused for good: sending the same again would be refused again. */
export class Refused extends Error {
  /** `unknown`: the server does not know the conversation any more. */
  constructor(
    reason: string,
    readonly unknown: boolean,
  ) {
    super(reason);
  }
}

export class Wire {
  private waiting: Promise<unknown> = Promise.resolve();
  private wake: (() => void) | null = null;

  constructor(private readonly trouble: (seconds: number | null) => void) {
    addEventListener('online', () => this.retryNow());
  }

  /** Send after everything sent before; resolves with the answer, however long the line is down. */
  send(said: Said, event: string): Promise<Turn> {
    const answer = this.waiting.then(() => this.insist(() => this.once({ ...named(said), event })));
    this.waiting = answer.catch(() => undefined);
    return answer;
  }

  /** Have the server forget the conversation, after everything sent before. What is sent later begins a new one. */
  forget(): void {
    this.waiting = this.waiting.then(() => this.insist(() => this.forgotten())).then(() => token.drop());
  }

  retryNow(): void {
    this.wake?.();
  }

  private async insist<Answer>(once: () => Promise<Answer | null>): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await once();
      if (answer) {
        this.trouble(null);
        return answer;
      }
      const pause = PAUSES_S[Math.min(attempt, PAUSES_S.length - 1)] ?? 15;
      this.trouble(pause);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause * 1000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = null;
    }
  }

  /** One attempt with the same event id as every other of this turn. Null: worth another attempt. */
  private async once(turn: Record<string, unknown>): Promise<Turn | null> {
    let response: Response;
    try {
      response = await fetch('/chat/turns', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...turn, conversation: token.get() }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.status >= 500 || response.status === 429) return null;
      const text = await response.text();
      if (!response.ok) throw new Refused(reasonOf(text), response.status === 404);
      const answer = read(text.split('\n').filter(Boolean));
      token.set(answer.conversation);
      return answer;
    } catch (error) {
      if (error instanceof Refused) throw error;
      return null;
    }
  }

  private async forgotten(): Promise<true | null> {
    const conversation = token.get();
    if (!conversation) return true;
    try {
      const response = await fetch('/chat/forget', {
        method: 'POST',
        headers: { 'x-conversation': conversation },
        keepalive: true, // also when the tab is closed now
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return response.ok || null;
    } catch {
      return null;
    }
  }
}

/** What the server is told; the words of a button stay here. */
function named(said: Said): Record<string, unknown> {
  if ('tap' in said) return { tap: said.tap };
  if ('text' in said) return { text: said.text, lang: said.lang };
  return said;
}

/** Why the server refused something, in its words for the person. */
export function reasonOf(body: string): string {
  try {
    return (JSON.parse(body) as { error?: { message?: string } }).error?.message ?? '';
  } catch {
    return '';
  }
}

/** JSON lines: who and what the turn was, then one message a line. */
export function read(lines: string[]): Turn {
  const [head, ...messages] = lines.map((line) => JSON.parse(line) as unknown);
  return { ...(head as Omit<Turn, 'messages'>), messages: messages as Message[] };
}
