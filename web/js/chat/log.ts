/** What has been said, as elements. Text goes in as text: nothing that anybody wrote is ever read as HTML. */
import type { Checklist, Message } from './turns';

export interface Words {
  you: string;
  total: string;
  page: string;
  alternative: string;
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** What the person said. */
export function theirs(text: string, words: Words): HTMLLIElement {
  const bubble = element('li', { className: 'vk-said' }, element('span', { className: 'ds-sr-only' }, `${words.you} `));
  bubble.dataset.from = 'person';
  bubble.append(element('p', {}, text));
  return bubble;
}

/** What the service says. */
export function ours(message: Message, words: Words, page?: string): HTMLLIElement {
  const bubble = element('li', { className: 'vk-said' });
  bubble.dataset.kind = message.kind;
  if (message.checklist) bubble.append(...checklist(message.checklist, words, page));
  else bubble.append(...paragraphs(message.text));
  return bubble;
}

/** Paragraphs are parted by an empty line; lines that begin with a bullet are a list. */
function paragraphs(text: string): HTMLElement[] {
  const made: HTMLElement[] = [];
  for (const paragraph of text.split(/\n{2,}/)) {
    let list: HTMLUListElement | null = null;
    let plain: string[] = [];
    const flush = (): void => {
      if (plain.length) made.push(element('p', {}, plain.join('\n')));
      plain = [];
    };
    for (const line of paragraph.split('\n')) {
      if (line.startsWith('• ')) {
        flush();
        if (!list) {
          list = element('ul', { className: 'ds-list' });
          made.push(list);
        }
        list.append(element('li', {}, line.slice(2)));
      } else {
        list = null;
        plain.push(line);
      }
    }
    flush();
  }
  return made;
}

function checklist(list: Checklist, words: Words, page?: string): HTMLElement[] {
  const made: HTMLElement[] = [
    element('p', {}, element('strong', {}, list.title)),
    element('p', { className: 'vk-small' }, list.dated),
  ];
  if (page) made.push(element('p', {}, element('a', { className: 'ds-button', href: page }, words.page)));
  for (const section of list.sections) {
    made.push(element('p', { className: 'vk-chat-kind' }, element('strong', {}, section.title)));
    const items = element('ul', { className: 'ds-list' });
    for (const line of section.lines) {
      const item = element('li', {}, line.text);
      if (line.amount) item.append(' – ', element('strong', {}, line.amount));
      if (line.alternative) item.append(' ', element('span', { className: 'vk-quiet vk-small' }, `(${words.alternative})`));
      if (line.caution) item.append(element('br'), element('span', { className: 'vk-quiet vk-small' }, line.caution));
      items.append(item);
    }
    made.push(items);
    if (section.kind === 'fee' && list.total) made.push(element('p', {}, `${words.total} `, element('strong', {}, list.total)));
  }
  return made;
}

export function typing(): HTMLLIElement {
  const dots = element('span', { className: 'vk-typing' }, element('i'), element('i'), element('i'));
  const bubble = element('li', { className: 'vk-said' }, dots);
  bubble.setAttribute('aria-hidden', 'true');
  return bubble;
}
