#!/usr/bin/env node
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, isBundled, packages } from './entry.js';
import { loadBundle } from './kept-code.js';

const words = process.argv.slice(2);
// On Windows a path is no address of a module.
const { main } = isBundled() ? loadBundle(bundle, words) : await import(pathToFileURL(join(packages, 'cli', 'dist', 'index.js')).href);
process.exitCode = await main(words);
