/** Entry of the node process of tests; see node-process.ts. */
import { runNode } from '../../src/index.ts';
import type { NodeOptions } from '../../src/node/node-options.ts';

const node = await runNode(JSON.parse(process.argv[2] ?? '') as NodeOptions);
process.on('SIGTERM', () => {
  void node.stop().then(() => process.exit(0));
});
// A test that is killed must not leave its node behind.
process.on('disconnect', () => {
  void node.stop().then(() => process.exit(1));
});
process.send?.('listening');
