/** A host of the browser shell in a process of its own, for one test: tells its URL to its parent and ends with it. */
import { serveStudio } from '../out/main/serve.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const host = await serveStudio(options);
process.send?.({ url: host.url });
process.on('disconnect', () => void host.close());
await host.closed;
process.exit(0);
