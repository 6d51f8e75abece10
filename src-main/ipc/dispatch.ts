import * as v from 'valibot';
import { asStudioError } from '#core/errors';
import { endpoints, type EndpointName, type EventName, type EventOf, type RemoteFault, type RequestOf, type ResponseOf } from './contract';

/** One function an endpoint; the compiler holds the table complete. */
export type Handlers = { [Name in EndpointName]: (request: RequestOf<Name>) => Promise<ResponseOf<Name>> };

/** How services tell the renderer what happened. */
export type Emit = <Name extends EventName>(name: Name, payload: EventOf<Name>) => void;

const fault = (kind: string, code: string, message: string): { fault: RemoteFault } => ({ fault: { kind, code, message } });

/**
 * Validates a call that arrived from a renderer and runs it. Never throws: whatever goes wrong becomes a fault with a stable
 * code, so that a hostile or outdated renderer cannot crash the main process.
 */
export async function dispatch(handlers: Handlers, name: unknown, request: unknown): Promise<{ ok: unknown } | { fault: RemoteFault }> {
  if (typeof name !== 'string' || !Object.hasOwn(endpoints, name)) return fault('usage', 'ipc.unknown', `No endpoint ${String(name)}.`);
  const endpoint = name as EndpointName;
  const checked = v.safeParse(endpoints[endpoint].request, request);
  if (!checked.success) {
    const issue = checked.issues[0];
    return fault('usage', 'ipc.request', `${endpoint}: ${v.getDotPath(issue) ?? 'request'}: ${issue.message}`);
  }
  try {
    const handler = handlers[endpoint] as (request: unknown) => Promise<unknown>;
    return { ok: await handler(checked.output) };
  } catch (error) {
    const known = asStudioError(error);
    if (known.code === 'internal') console.error(`${endpoint} failed:`, error);
    return fault(known.kind, known.code, known.message);
  }
}
