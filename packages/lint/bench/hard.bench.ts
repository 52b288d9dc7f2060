/**
 * What linting costs in clusters that are large in one way each, at a size and at twice of it.
 *
 *   npm run bench:lint:hard              all of them, 2 500 and 5 000 of what each has many
 *   npm run bench:lint:hard -- toFQDNs   those with this in their name
 *   npm run bench:lint:hard -- '' 10000  up to this size
 */
import { lint } from '../src/index.ts';
import { hardWorlds } from './hard-worlds.ts';

const [part = '', most = '5000'] = process.argv.slice(2);
const sizes = [Number(most) / 2, Number(most)];
console.log(`seconds of processors at ${sizes.join(', ')}`);
for (const world of hardWorlds.filter(({ name }) => name.includes(part))) {
  const times = sizes.map((size) => {
    const objects = world.objects(size);
    const before = process.cpuUsage();
    const { findings } = lint({ objects, isComplete: true }, { profile: world.profile });
    const { user, system } = process.cpuUsage(before);
    return { found: findings.length, seconds: (user + system) / 1e6 };
  });
  console.log(`${times.map(({ seconds }) => seconds.toFixed(2).padStart(8)).join('')}  ${world.name}: ${times.at(-1)?.found ?? 0} found`);
}
