/** Scheduler and controllers together, as clients of one API server. */
import type { KubeClient } from '@weir/client';
import type { Logger } from 'pino';
import { startClusterRoleController } from '../controllers/cluster-role-controller.ts';
import type { Controller, ControllerContext } from '../controllers/controller.ts';
import { startDisruptionController } from '../controllers/disruption-controller.ts';
import { startEndpointController } from '../controllers/endpoints/endpoint-controller.ts';
import { startEndpointMirrorController } from '../controllers/endpoints/endpoint-mirror-controller.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import { startGarbageController } from '../controllers/garbage/garbage-controller.ts';
import { startPodGarbageController } from '../controllers/garbage/pod-garbage-controller.ts';
import { type LoadBalancerOptions, startLoadBalancerController } from '../controllers/load-balancers/load-balancer-controller.ts';
import { startNamespaceController } from '../controllers/namespace-controller.ts';
import { startNodeLifecycleController } from '../controllers/nodes/node-lifecycle-controller.ts';
import { startTaintEvictionController } from '../controllers/nodes/taint-eviction-controller.ts';
import { startQuotaController } from '../controllers/quota-controller.ts';
import { SharedInformers } from '../controllers/shared-informers.ts';
import { startClaimController } from '../controllers/volumes/claim-controller.ts';
import { startClaimProtectionController } from '../controllers/volumes/claim-protection-controller.ts';
import { startDirectoryProvisioner } from '../controllers/volumes/directory-provisioner.ts';
import { startEphemeralVolumeController } from '../controllers/volumes/ephemeral-volume-controller.ts';
import { type RemoveVolume, startVolumeController } from '../controllers/volumes/volume-controller.ts';
import { startCronJobController } from '../controllers/workloads/cron-job-controller.ts';
import { startDaemonSetController } from '../controllers/workloads/daemon-set-controller.ts';
import { startDeploymentController } from '../controllers/workloads/deployment-controller.ts';
import { startJobController } from '../controllers/workloads/job-controller.ts';
import { startReplicaSetController } from '../controllers/workloads/replica-set-controller.ts';
import { startStatefulSetController } from '../controllers/workloads/stateful-set-controller.ts';
import { startEnginePodsController } from '../engine-pods/engine-pods-controller.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { directoryDriver } from '../storage/directory-volume.ts';

/** What the controllers work with. */
export interface ControllersOptions {
  readonly client: KubeClient;
  /** How the scheduler writes; it reads what the controllers read. */
  readonly scheduler: KubeClient;
  /** PEM that pods find in `kube-root-ca.crt`. */
  readonly certificateAuthority: string;
  /** Absent: services of type LoadBalancer stay without an address. */
  readonly loadBalancers?: LoadBalancerOptions;
  /** Absent: the lab makes no volumes; claims wait for volumes that people or other provisioners make. */
  readonly removeVolume?: RemoveVolume;
  readonly log: Logger;
}

/** Starts all of them; resolves when their copies of the API server's objects are complete. */
export async function startControllers(options: ControllersOptions): Promise<Controller> {
  const { client, log } = options;
  const informers = new SharedInformers(client, (resource, error) => log.warn({ resource, error: String(error) }, 'watch interrupted'));
  const context = (component: string, own: KubeClient = client): ControllerContext => ({
    client: own,
    informers,
    events: new EventRecorder(own, component, log),
    log: log.child({ component }),
  });
  const controllers: readonly Controller[] = [
    startNamespaceController(context('namespace-controller'), options.certificateAuthority),
    startEndpointController(context('endpoint-slice-controller')),
    startEndpointMirrorController(context('endpoint-slice-mirroring-controller')),
    startPodGarbageController(context('pod-garbage-collector')),
    startGarbageController(context('garbage-collector')),
    startDeploymentController(context('deployment-controller')),
    startReplicaSetController(context('replicaset-controller')),
    startDaemonSetController(context('daemonset-controller')),
    startEnginePodsController(context('engine-pods-controller')),
    startJobController(context('job-controller')),
    startCronJobController(context('cronjob-controller')),
    startDisruptionController(context('controllermanager')),
    startStatefulSetController(context('statefulset-controller')),
    startNodeLifecycleController(context('node-controller')),
    startTaintEvictionController(context('taint-eviction-controller')),
    startQuotaController(context('resourcequota-controller')),
    startClusterRoleController(context('clusterrole-aggregation-controller')),
    ...(options.loadBalancers === undefined ? [] : [startLoadBalancerController(context('service-controller'), options.loadBalancers)]),
    startClaimController(context('persistentvolume-controller')),
    startVolumeController(context('persistentvolume-controller'), options.removeVolume),
    startClaimProtectionController(context('pvc-protection-controller')),
    startEphemeralVolumeController(context('ephemeral_volume')),
    ...(options.removeVolume === undefined ? [] : [startDirectoryProvisioner(context(directoryDriver))]),
    startScheduler(context('default-scheduler', options.scheduler)),
  ];
  await informers.start();
  return {
    stop: async () => {
      await informers.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
