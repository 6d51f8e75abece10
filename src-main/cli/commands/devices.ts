/** `inr devices`: the engines that there are here, what each runs on and what it uses of it. */
import { asStudioError } from '#core/errors';
import { detailWords } from '#engine/device-words';
import type { DeviceFacts, EngineName } from '#engine/engine';
import { graphicsDeviceSeen, openEngine } from '../../service/engines';
import { table } from '../numbers';
import type { Terminal } from '../terminal';

type Found = DeviceFacts | { readonly engine: EngineName; readonly missing: string };

async function look(engine: EngineName): Promise<Found> {
  if (engine === 'webgpu' && !graphicsDeviceSeen()) return { engine, missing: 'No graphics device is seen here.' };
  try {
    const opened = await openEngine(engine);
    const { facts } = opened;
    await opened.dispose();
    return facts;
  } catch (error) {
    return { engine, missing: asStudioError(error).message };
  }
}

/** Runs the command; resolves to the exit code. */
export async function devices(options: { readonly json?: boolean }, terminal: Terminal): Promise<number> {
  const found: Found[] = [];
  for (const engine of ['webgpu', 'cpu', 'tfjs'] as const) found.push(await look(engine));
  if (options.json) {
    terminal.out(`${JSON.stringify(found)}\n`);
    return 0;
  }
  const rows = found.flatMap((each) =>
    'missing' in each ? [[each.engine, `none: ${each.missing}`]] : [[each.engine, each.name], ...detailWords(each).map((words) => ['', words])],
  );
  terminal.out(table(rows, [0, 1]));
  return 0;
}
