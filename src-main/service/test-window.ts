/**
 * A window for the tests of the services: every question goes through dispatch, every answer and every event is held against the contract's
 * schemas.
 */
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { vi } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { PLAN_DEFAULTS } from '#core/fit/config';
import { endpoints, events, type EndpointName, type EventName, type EventOf, type FileRef, type RequestOf, type ResponseOf } from '../ipc/contract';
import { dispatch } from '../ipc/dispatch';
import { createStudio, type ShellPort, type Studio } from './studio';

/** A network that is fitted in a moment. */
export const config: FitConfig = {
  version: 1,
  network: { encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 20, omegaHidden: 20 } },
  plan: { steps: 60, batch: 256, ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }, schedule: { kind: 'constant' } },
  coding: { bits: 8 },
  seed: 3,
};

type SignalDescription = Extract<ResponseOf<'file.load'>, { kind: 'signal' }>['signal'];

/** What a test does with a window. */
export interface Window {
  studio: Studio;
  seen: { name: EventName; payload: unknown }[];
  call<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>>;
  fault<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<{ kind: string; code: string; message: string }>;
  event<Name extends EventName>(name: Name, wanted?: (payload: EventOf<Name>) => boolean): Promise<EventOf<Name>>;
  /** Hands over a file as a page does, in chunks of `step` bytes. */
  upload(name: string, bytes: Uint8Array, step?: number): Promise<FileRef>;
  /** The signal of the bytes of a file. */
  load(bytes: Uint8Array, name: string): Promise<SignalDescription>;
}

/** Opens a window whose settings lie in `folder` and whose root is `folder`/root; `port` replaces parts of the shell. */
export async function openWindow(folder: string, port: Partial<ShellPort> = {}): Promise<Window> {
  const seen: Window['seen'] = [];
  const studio = await createStudio({
    kind: 'browser',
    emit: (name, payload) => void seen.push({ name, payload: v.parse(events[name], payload) }),
    openDialog: () => Promise.resolve([]),
    saveDialog: () => Promise.resolve(null),
    root: join(folder, 'root'),
    settingsFile: join(folder, 'settings.json'),
    versions: {},
    assetsDir: resolve('assets'),
    appVersion: '1.2.3',
    ...port,
  });
  const ask = (name: EndpointName, request: unknown) => dispatch(studio.handlers, name, request);
  const window: Window = {
    studio,
    seen,
    call: async (name, request) => {
      const answer = await ask(name, request);
      if ('fault' in answer) throw Object.assign(new Error(`${name}: ${answer.fault.message}`), answer.fault);
      return v.parse(endpoints[name].response, answer.ok) as never;
    },
    fault: async (name, request) => {
      const answer = await ask(name, request);
      if ('ok' in answer) throw new Error(`${name} was expected to fail.`);
      return answer.fault;
    },
    event: (name, wanted = () => true) =>
      vi.waitFor(
        () => {
          const found = seen.find((each) => each.name === name && wanted(each.payload as never));
          if (!found) throw new Error(`No ${name} came.`);
          return found.payload as never;
        },
        { timeout: 20_000, interval: 10 },
      ),
    upload: async (name, bytes, step = bytes.length) => {
      let token: string | null = null;
      let file: FileRef | null = null;
      for (let at = 0; file === null; at += step) {
        const answer: ResponseOf<'file.upload'> = await window.call('file.upload', { upload: token, name, totalBytes: bytes.length, data: bytes.subarray(at, at + step) });
        token = answer.upload;
        file = answer.file;
      }
      return file;
    },
    load: async (bytes, name) => {
      const loaded = await window.call('file.load', { file: (await window.upload(name, bytes)).file, task: 'load' });
      if (loaded.kind !== 'signal') throw new Error('A signal was expected.');
      return loaded.signal;
    },
  };
  return window;
}
