/** Whether a container that ended starts again. Pure. */
import type { Container } from '@weir/kube';

/** Which ends are followed by another start. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** By the container's rules on exit codes, then by `policy`. */
export function startsAgain(
  { restartPolicyRules }: Pick<Container, 'restartPolicyRules'>,
  policy: RestartPolicy,
  exitCode: number,
): boolean {
  const isRestarted = (restartPolicyRules ?? []).some(({ action, exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false;
    return action === 'Restart' && exitCodes !== undefined && isListed === (exitCodes.operator === 'In');
  });
  return isRestarted || policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}
