/** A shell that begins, many times over: `fill-programs DIRECTORY STAND-IN…`. */
import { writePrograms } from '../../src/shell/shell-environment.ts';

const [, , directory = '', ...standIns] = process.argv;
for (let time = 0; time < 100; time++) writePrograms(directory, standIns);
