#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import { entryModule } from './entry.js';

// On Windows a path is no address of a module.
const { main } = await import(pathToFileURL(entryModule()).href);
process.exitCode = await main(process.argv.slice(2));
