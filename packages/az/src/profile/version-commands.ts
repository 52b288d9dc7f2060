/** `az version` and `az --version`: the version of az whose surface this is, because scripts ask for a least one. */
import type { AzCommand } from '../command-line/az-command.ts';
import { standsFor } from '../session/arm-client.ts';
import type { AzDirectory } from '../session/az-directory.ts';

export const versionCommand: AzCommand = {
  words: 'version',
  summary: 'Tell which version of az this stands for',
  arguments: [],
  run: ({ directory }) => {
    return Promise.resolve({
      'azure-cli': standsFor,
      'azure-cli-core': standsFor,
      'azure-cli-telemetry': '1.1.0',
      extensions: Object.fromEntries(directory.extensions.map(({ name, version }) => [name, version])),
    });
  },
};

/** `az --version`. */
export function versionText({ extensions }: Pick<AzDirectory, 'extensions'>): string {
  const line = (name: string, version: string): string => `${name.padEnd(25)}${version.padStart(15)}`;
  return [
    line('azure-cli', standsFor),
    '',
    line('core', standsFor),
    line('telemetry', '1.1.0'),
    '',
    ...(extensions.length === 0
      ? []
      : ['Extensions:', ...extensions.map(({ name, version }) => name.padEnd(20) + version.padStart(20)), '']),
    'This is weir az: it has the commands of az that managed clusters of this machine need.',
    '',
  ].join('\n');
}
