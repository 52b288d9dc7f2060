/** Where az finds extensions: an index and the wheels in it, below the mirror that the cloud's metadata name. */
import { gatewayError } from '../arm/arm-error.ts';
import { type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { previewEntry, previewWheel, wheelFile } from './preview-wheel.ts';

/** Below the address of the endpoint. */
export const extensionIndexPath = '/azmirror/extensions/index.json';

/** Adds the routes; az asks them without a token, and nothing in them is anybody's. */
export function addExtensionRoutes(routes: RouteTable<ArmRoute>): void {
  const wheel = previewWheel();
  const open = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: true });
  open(`GET ${extensionIndexPath}`, ({ base }) => {
    const entry = previewEntry(`${base}/azmirror/extensions/${wheelFile}`, wheel);
    return ok({ formatVersion: '1', extensions: { 'aks-preview': [entry] } });
  });
  // Which extension has an unknown command: none of them has any.
  open('GET /azmirror/extensions/extensionCommandTree.json', () => ok({}));
  open('GET /azmirror/extensions/{file}', ({ parameters }) => {
    const { file = '' } = parameters;
    if (file !== wheelFile) throw gatewayError(404, 'BlobNotFound', `There is no extension file '${file.slice(0, 80)}'.`);
    return { status: 200, bytes: wheel, headers: { 'content-type': 'application/octet-stream' } };
  });
}
