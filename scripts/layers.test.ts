/** The lint rules that hold the layers must really look: each forbidden import is found, each allowed one is not. */
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports',
  // Layers need no types, which cost seconds.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

const findings = async (file: string, from: string): Promise<number> => {
  const [result] = await eslint.lintText(`import { x } from '${from}';\nexport const y = x;\n`, { filePath: file });
  expect(result!.fatalErrorCount).toBe(0);
  return result!.errorCount;
};

const CORE = 'src-core/errors.ts';
const ENGINE = 'src-engine/engine.ts';
const SERVICE = 'src-main/service/port.ts';
const SERVE = 'src-main/shell/browser/serve.ts';
const WINDOW = 'src-renderer/client.ts';

describe('layers', () => {
  it.each([
    [CORE, '#engine/engine'],
    [CORE, '../src-main/ipc/contract'],
    [CORE, 'node:fs'],
    [CORE, '@tensorflow/tfjs'],
    [ENGINE, '#main/service/studio'],
    [ENGINE, '../src-renderer/client'],
    [ENGINE, 'electron'],
    ['src-main/ipc/contract.ts', '../service/port'],
    [SERVICE, '../shell/electron/shell'],
    [SERVICE, '#main/shell/browser/serve'],
    [SERVICE, '../cli/main'],
    [SERVICE, 'electron'],
    [SERVE, '../electron/shell'],
    [SERVE, 'electron'],
    ['src-main/shell/electron/shell.ts', '../browser/serve'],
    [WINDOW, '../src-main/service/studio'],
    [WINDOW, '#main/service/studio'],
    [WINDOW, 'node:path'],
    [WINDOW, 'electron'],
    [WINDOW, '#engine/cpu/engine'],
    ['src-renderer/preview/stage.ts', '../../src-main/ipc/contract'],
  ])('%s may not import %s', async (file, from) => {
    expect(await findings(file, from)).toBe(1);
  });

  it.each([
    [CORE, 'valibot'],
    [CORE, './field/field'],
    [ENGINE, '#core/field/field'],
    [ENGINE, '@tensorflow/tfjs'],
    [SERVICE, '#engine/cpu/engine'],
    [SERVICE, '../ipc/contract'],
    [SERVE, '../../service/port'],
    [SERVE, 'ws'],
    ['src-main/shell/electron/shell.ts', 'electron'],
    [WINDOW, '../src-main/ipc/contract'],
    [WINDOW, '#engine/webgpu/engine'],
    ['src-renderer/preview/stage.ts', 'three/webgpu'],
  ])('%s may import %s', async (file, from) => {
    expect(await findings(file, from)).toBe(0);
  });
});
