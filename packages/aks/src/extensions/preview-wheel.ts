/**
 * The extension `aks-preview` of this cloud: a Python wheel (PEP 427) made here, which adds no command. What AKS's own
 * extension brings is asked of the endpoint by `az rest`, by newer az or by `weir az`.
 */
import { createHash } from 'node:crypto';
import { writeZip } from '@weir/kube';

/** Beyond every real one, and a preview: az says so when it is installed. */
const version = '99.0.0b1';
const packageName = 'azext_aks_preview';
const distribution = `aks_preview-${version}`;

/** The file's name, by which az finds out what it holds. */
export const wheelFile: string = `${distribution}-py2.py3-none-any.whl`;

const extensionFacts = { 'azext.isPreview': true, 'azext.minCliCoreVersion': '2.0.0' };
const summary = 'Preview features of Azure Kubernetes Service, as far as this cloud has them';

const loader = `"""Nothing but a name: the commands that az has already are enough for this cloud."""
from azure.cli.core import AzCommandsLoader


class AksPreviewCommandsLoader(AzCommandsLoader):
    def load_command_table(self, args):
        return {}

    def load_arguments(self, command):
        pass


COMMAND_LOADER_CLS = AksPreviewCommandsLoader
`;

/** The wheel. */
export function previewWheel(): Buffer {
  const info = `${distribution}.dist-info`;
  const files: readonly (readonly [name: string, text: string])[] = [
    [`${packageName}/__init__.py`, loader],
    [`${packageName}/azext_metadata.json`, `${JSON.stringify(extensionFacts)}\n`],
    [`${info}/METADATA`, `Metadata-Version: 2.1\nName: aks-preview\nVersion: ${version}\nSummary: ${summary}\nLicense: Apache-2.0\n`],
    [`${info}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: weir\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n'],
    [`${info}/top_level.txt`, `${packageName}\n`],
  ];
  const record = files.map(
    ([name, text]) => `${name},sha256=${createHash('sha256').update(text).digest('base64url')},${Buffer.byteLength(text)}\n`,
  );
  const all = [...files, [`${info}/RECORD`, `${record.join('')}${info}/RECORD,,\n`] as const];
  return Buffer.from(writeZip(all.map(([name, text]) => ({ name, content: Buffer.from(text) }))));
}

/** The entry of the index of extensions; `url` is where the wheel is. */
export function previewEntry(url: string, wheel: Buffer): object {
  return {
    downloadUrl: url,
    filename: wheelFile,
    sha256Digest: createHash('sha256').update(wheel).digest('hex'),
    metadata: { name: 'aks-preview', version, summary, license: 'Apache-2.0', metadata_version: '2.0', extras: [], ...extensionFacts },
  };
}
