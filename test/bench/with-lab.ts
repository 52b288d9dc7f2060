/** A cluster for the time of a benchmark: taken down at its end, whatever the end is. */
import { LabCluster } from '../support/lab-cluster.ts';

/** Brings a cluster up, runs the benchmark and takes the cluster down, also when the run fails or is interrupted. */
export async function withLab<T>(
  nodes: number,
  run: (lab: LabCluster) => Promise<T>,
): Promise<{ readonly result: T; readonly lab: LabCluster; readonly downCode: number }> {
  const lab = await LabCluster.up({ nodes });
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(`interrupted by ${signal}`)));
  });
  let downCode = -1;
  let result: T;
  try {
    result = await Promise.race([run(lab), interrupted]);
  } finally {
    downCode = (await lab.down()).code;
  }
  return { result, lab, downCode };
}
