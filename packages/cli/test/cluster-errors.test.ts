import { afterEach, describe, expect, it, vi } from 'vitest';
import { explained } from '../src/cluster-errors.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const refused = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('EACCES: permission denied, open /run/weir/.x.lock'), { code: 'EACCES' }));

describe('what the machine refuses a lab', () => {
  it('is that it needs root, where somebody else asks', async () => {
    vi.spyOn(process, 'geteuid').mockReturnValue(1000);
    await expect(explained(refused())).rejects.toMatchObject({
      code: 4,
      message: 'the lab needs root: EACCES: permission denied, open /run/weir/.x.lock',
    });
  });
});
