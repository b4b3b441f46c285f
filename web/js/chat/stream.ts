/** Turns held elsewhere, as the server tells them. Read by fetch: an EventSource could name the key only in its address. */
import { read, reasonOf, type Turn } from './turns';

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export class Stream {
  private readonly over = new AbortController();
  private pause = FIRST_PAUSE_MS;

  /** `seen` is the position already shown; `gone` is called once if the server does not know the conversation any more. */
  constructor(
    private readonly token: string,
    private seen: number,
    private readonly heard: (turn: Turn) => void,
    private readonly gone: (reason: string) => void,
  ) {
    void this.listen();
  }

  close(): void {
    this.over.abort();
  }

  private async listen(): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      try {
        const headers = { 'x-conversation': this.token, 'last-event-id': String(this.seen) };
        const response = await fetch('/chat/events', { headers, signal });
        if (response.status === 404) {
          const reason = reasonOf(await response.text());
          if (!signal.aborted) this.gone(reason);
          return;
        }
        if (response.ok && response.body) await this.follow(response.body);
      } catch {
        // The line broke; what was missed comes with the next one.
      }
      await new Promise((resolve) => setTimeout(resolve, this.pause));
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    }
  }

  /** Events are parted by an empty line. */
  private async follow(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const text = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.over.signal.aborted) return;
      this.pause = FIRST_PAUSE_MS;
      const parts = (rest + text.decode(value, { stream: true })).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.take(part);
    }
  }

  private take(part: string): void {
    const lines: string[] = [];
    for (const line of part.split('\n')) {
      if (line.startsWith('id: ')) this.seen = Number(line.slice(4));
      if (line.startsWith('data: ')) lines.push(line.slice(6));
    }
    if (lines.length) this.heard(read(lines));
  }
}
