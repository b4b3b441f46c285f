/** The service worker: shows a message that came by push, opens its link, and says what became of it. */

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Came extends Lasting {
  readonly data: { json(): unknown } | null;
}

interface Clicked extends Lasting {
  readonly notification: Notification;
}

interface Page {
  readonly url: string;
  focus(): Promise<unknown>;
}

interface Worker {
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { matchAll(of: object): Promise<Page[]>; openWindow(url: string): Promise<unknown> };
  skipWaiting(): Promise<void>;
  addEventListener<E extends Event>(name: string, heard: (event: E) => void): void;
}

/** `channels.inbox.outbound.Payload`. */
interface Message {
  title: string;
  body: string;
  lang: string;
  tag: string;
  receipt: string;
  link?: string;
}

const worker = self as unknown as Worker;

/** Only what this site has sealed comes here. A browser asks for something to be shown in any case, so there is a title. */
async function show(event: Came): Promise<void> {
  let message: Partial<Message> = {};
  try {
    message = (event.data?.json() ?? {}) as Partial<Message>;
  } catch {
    // Nothing of ours: the site's name stands alone.
  }
  const { title, body, lang, tag, receipt, link } = message;
  await worker.registration.showNotification(title ?? worker.location.host, { body, lang, tag, data: { receipt, link } });
  await report(receipt, 'shown');
}

async function open(event: Clicked): Promise<void> {
  const { notification } = event;
  const { receipt, link } = (notification.data ?? {}) as Partial<Message>;
  notification.close();
  await Promise.allSettled([go(link), report(receipt, 'opened')]);
}

async function go(link: string | undefined): Promise<void> {
  const url = new URL(link ?? '/', worker.location.origin);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return;
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = pages.find((page) => page.url === url.href);
  await (there ? there.focus() : worker.clients.openWindow(url.href));
}

/** Nobody waits for it: a receipt that is lost costs nothing but that it is not known. */
async function report(receipt: string | undefined, happened: string): Promise<void> {
  if (!receipt) return;
  const url = new URL(receipt, worker.location.origin);
  if (url.origin !== worker.location.origin) return;
  const headers = { 'content-type': 'application/json' };
  await fetch(url, { method: 'POST', headers, body: JSON.stringify({ happened }), credentials: 'omit' }).catch(() => undefined);
}

worker.addEventListener('install', (event: Lasting) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('push', (event: Came) => event.waitUntil(show(event)));
worker.addEventListener('notificationclick', (event: Clicked) => event.waitUntil(open(event)));

export {};
