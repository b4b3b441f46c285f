/** The key to the conversation. It lives as long as the tab: the next person at a shared computer does not have it. */
const KEY = 'vikno.conversation';

export const token = {
  get: (): string | null => sessionStorage.getItem(KEY),
  set: (value: string): void => sessionStorage.setItem(KEY, value),
  drop: (): void => sessionStorage.removeItem(KEY),
};
