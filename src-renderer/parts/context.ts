import { getContext, setContext } from 'svelte';
import type { CommandRegistry } from '../commands';
import type { Studio } from '../state/studio.svelte';

interface Window {
  readonly studio: Studio;
  readonly commands: CommandRegistry;
}

const KEY = Symbol('studio');

export const provideStudio = (window: Window): Window => setContext(KEY, window);
/** The studio and its commands, for every component below App. */
export const useStudio = (): Window => getContext<Window>(KEY);
