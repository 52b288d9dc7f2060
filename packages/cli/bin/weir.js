#!/usr/bin/env node
import { entryModule } from './entry.js';

const { main } = await import(entryModule());
process.exitCode = await main(process.argv.slice(2));
