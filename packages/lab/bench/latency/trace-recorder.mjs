/**
 * Loaded into every process of the cluster by NODE_OPTIONS: writes what its diagnostics channels tell
 * to a file of its own below WEIR_TRACE_DIR, one JSON object per line.
 */
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env, pid } from 'node:process';

const directory = env['WEIR_TRACE_DIR'];
const node = argv.includes('--node') ? argv[argv.indexOf('--node') + 1] : 'control-plane';

/** Written a moment later, so that the writing is no part of what is timed. */
const flushMs = 20;

if (directory !== undefined) {
  let file;
  let lines = [];
  const flush = () => {
    file ??= openSync(join(directory, `${pid}.jsonl`), 'a', 0o600);
    writeSync(file, lines.join(''));
    lines = [];
  };
  for (const name of ['weir:apiserver:request', 'weir:apiserver:write', 'weir:agent:transaction']) {
    subscribe(name, (record) => {
      if (lines.length === 0) setTimeout(flush, flushMs).unref();
      lines.push(`${JSON.stringify({ channel: name, node, ...record })}\n`);
    });
  }
}
