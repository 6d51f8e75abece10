import { mount } from 'svelte';
import { asStudioError } from '#core/errors';
import App from './App.svelte';
import { openBridge } from './bridge/bridge';
import { Client } from './client';
import { Studio } from './state/studio.svelte';
import './styles/theme.css';

declare global {
  interface Window {
    /** Only when the address ends in ?test: what end-to-end specs take hold of. */
    __studioTest?: { readonly studio: Studio; device(): GPUDevice | null };
  }
}

const target = document.getElementById('app')!;

try {
  const studio = new Studio(new Client(await openBridge()));
  await studio.begin();
  if (new URLSearchParams(location.search).has('test')) window.__studioTest = { studio, device: () => studio.gpu.device };
  mount(App, { target, props: { studio } });
} catch (error) {
  // Nothing of the window is there yet: the reason is all that can be shown.
  const message = document.createElement('p');
  message.setAttribute('role', 'alert');
  message.textContent = `INR Studio could not start: ${asStudioError(error).message}`;
  target.append(message);
}
