/** “Tell me on this device”, on the page of a person's messages. It is shown only where the browser can do so. */

const WORKER = '/push-worker.js';
/** No page stands below it: the worker shows messages and touches nothing else. */
const SCOPE = '/push/';

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

/** The one address that this site lets a script load a script from. */
function address(): string {
  const policies = (window as { trustedTypes?: Policies }).trustedTypes;
  const only = (url: string): string => {
    if (url !== WORKER) throw new TypeError(url);
    return url;
  };
  return policies ? policies.createPolicy('vikno-push', { createScriptURL: only }).createScriptURL(WORKER) : WORKER;
}

class Device {
  private readonly buttons: Map<string | undefined, HTMLButtonElement>;
  private readonly words: Element | null;
  private worker: Promise<ServiceWorkerRegistration> | null = null;

  constructor(private readonly root: HTMLElement) {
    this.buttons = new Map([...root.querySelectorAll<HTMLButtonElement>('[data-device]')].map((one) => [one.dataset.device, one]));
    this.words = root.querySelector('[data-device-said]');
  }

  async begin(): Promise<void> {
    this.show(await this.known());
    for (const [what, button] of this.buttons) {
      button.addEventListener('click', () => void this.pressed(button, () => (what === 'on' ? this.on() : this.off())));
    }
    this.root.hidden = false;
  }

  /** Subscribed with the key of today. */
  private async known(): Promise<boolean> {
    if (Notification.permission !== 'granted') return false;
    const subscription = await (await navigator.serviceWorker.getRegistration(SCOPE))?.pushManager.getSubscription();
    return !!subscription && this.isOurs(subscription);
  }

  private async on(): Promise<string> {
    if ((await Notification.requestPermission()) !== 'granted') return this.root.dataset.denied ?? '';
    const { pushManager } = await this.registered();
    let subscription = await pushManager.getSubscription();
    if (subscription && !this.isOurs(subscription)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(this.root.dataset.push ?? '') });
    const { said, ok } = await this.tell('on', subscription);
    if (ok) this.show(true);
    else await subscription.unsubscribe();
    return said;
  }

  private async off(): Promise<string> {
    const subscription = await (await this.registered()).pushManager.getSubscription();
    if (!subscription) {
      this.show(false);
      return '';
    }
    const { said, ok } = await this.tell('off', subscription);
    await subscription.unsubscribe(); // whatever the server says: nothing can come from now on
    this.show(false);
    return ok ? said : '';
  }

  private async tell(what: string, subscription: PushSubscription): Promise<{ said: string; ok: boolean }> {
    const { endpoint, keys } = subscription.toJSON();
    const form = { form: this.root.dataset.form ?? '', do: what, endpoint: endpoint ?? '', p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' };
    const answer = await fetch(this.root.dataset.to ?? '', { method: 'POST', body: new URLSearchParams(form) });
    return { said: ((await answer.json()) as { said: string }).said, ok: answer.ok };
  }

  /** The worker, once it is at work: a page outside of its scope cannot wait for `ready`. */
  private registered(): Promise<ServiceWorkerRegistration> {
    this.worker ??= (async () => {
      const registration = await navigator.serviceWorker.register(address(), { scope: SCOPE });
      const coming = registration.active ? null : (registration.installing ?? registration.waiting);
      if (coming && coming.state !== 'activated') {
        await new Promise<void>((done) =>
          coming.addEventListener('statechange', () => {
            if (coming.state === 'activated' || coming.state === 'redundant') done();
          }),
        );
      }
      return registration;
    })();
    return this.worker;
  }

  private isOurs(subscription: PushSubscription): boolean {
    const key = subscription.options?.applicationServerKey;
    return !key || text(new Uint8Array(key)) === this.root.dataset.push;
  }

  /** One press at a time; the focus stays on what can be pressed next. */
  private async pressed(button: HTMLButtonElement, work: () => Promise<string>): Promise<void> {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    let said = this.root.dataset.failed ?? '';
    try {
      said = await work();
    } catch {
      this.worker = null; // the line, or the push service: it may go the next time
    }
    button.ariaBusy = null;
    if (this.words) this.words.textContent = said;
    if (button.hidden) [...this.buttons.values()].find((one) => !one.hidden)?.focus();
  }

  private show(subscribed: boolean): void {
    for (const [what, button] of this.buttons) button.hidden = (what === 'on') === subscribed;
  }
}

/** Of base64url. */
function bytes(written: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(written.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
}

function text(raw: Uint8Array): string {
  return btoa(String.fromCharCode(...raw)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

const root = document.querySelector<HTMLElement>('[data-push]');
if (root && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) {
  new Device(root).begin().catch(() => undefined); // then there is no button, and the messages stand here all the same
}
