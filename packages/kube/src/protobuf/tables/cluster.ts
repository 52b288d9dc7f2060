/**
 * Protobuf field numbers of the groups that set a cluster up (`generated.proto` of k8s.io/api v0.35.2) as text.
 * The notation is explained in `message-table.ts`.
 */

/** Messages of node classes, storage and admission; a line `# group/version` starts each group. */
export const clusterMessages = `
# node.k8s.io/v1
RuntimeClass: 1 metadata:ObjectMeta · 2 handler · 3 overhead:Overhead? · 4 scheduling:Scheduling?
Overhead: 1 podFixed:{Quantity}
Scheduling: 1 nodeSelector:{s} · 2 tolerations:Toleration[]
# storage.k8s.io/v1
StorageClass: 1 metadata:ObjectMeta · 2 provisioner · 3 parameters:{s} · 4 reclaimPolicy? · 5 mountOptions:s[] · 6 allowVolumeExpansion:b? · 7 volumeBindingMode? · 8 allowedTopologies:TopologySelectorTerm[]
# admissionregistration.k8s.io/v1
ValidatingWebhookConfiguration: 1 metadata:ObjectMeta · 2 webhooks:ValidatingWebhook[]
ValidatingWebhook: 1 name · 2 clientConfig:WebhookClientConfig · 3 rules:RuleWithOperations[] · 4 failurePolicy? · 5 namespaceSelector:LabelSelector? · 6 sideEffects? · 7 timeoutSeconds:i? · 8 admissionReviewVersions:s[] · 9 matchPolicy? · 10 objectSelector:LabelSelector? · 11 matchConditions:MatchCondition[]
WebhookClientConfig: 1 service:ServiceReference? · 2 caBundle:bytes · 3 url?
ServiceReference: 1 namespace · 2 name · 3 path? · 4 port:i?
RuleWithOperations: 1 operations:s[] · 2 rule:Rule^
Rule: 1 apiGroups:s[] · 2 apiVersions:s[] · 3 resources:s[] · 4 scope?
MatchCondition: 1 name · 2 expression
MutatingWebhookConfiguration: 1 metadata:ObjectMeta · 2 webhooks:MutatingWebhook[]
MutatingWebhook: 1 name · 2 clientConfig:WebhookClientConfig · 3 rules:RuleWithOperations[] · 4 failurePolicy? · 5 namespaceSelector:LabelSelector? · 6 sideEffects? · 7 timeoutSeconds:i? · 8 admissionReviewVersions:s[] · 9 matchPolicy? · 10 reinvocationPolicy? · 11 objectSelector:LabelSelector? · 12 matchConditions:MatchCondition[]
ValidatingAdmissionPolicy: 1 metadata:ObjectMeta · 2 spec:ValidatingAdmissionPolicySpec · 3 status:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: 1 paramKind:ParamKind? · 2 matchConstraints:MatchResources? · 3 validations:Validation[] · 4 failurePolicy? · 5 auditAnnotations:AuditAnnotation[] · 6 matchConditions:MatchCondition[] · 7 variables:Variable[]
ParamKind: 1 apiVersion · 2 kind
MatchResources: 1 namespaceSelector:LabelSelector? · 2 objectSelector:LabelSelector? · 3 resourceRules:NamedRuleWithOperations[] · 4 excludeResourceRules:NamedRuleWithOperations[] · 7 matchPolicy?
NamedRuleWithOperations: 1 resourceNames:s[] · 2 ruleWithOperations:RuleWithOperations^
Validation: 1 expression · 2 message · 3 reason? · 4 messageExpression
AuditAnnotation: 1 key · 2 valueExpression
Variable: 1 name · 2 expression
ValidatingAdmissionPolicyStatus: 1 observedGeneration:i · 2 typeChecking:TypeChecking? · 3 conditions:Condition[]
TypeChecking: 1 expressionWarnings:ExpressionWarning[]
ExpressionWarning: 2 fieldRef · 3 warning
ValidatingAdmissionPolicyBinding: 1 metadata:ObjectMeta · 2 spec:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: 1 policyName · 2 paramRef:ParamRef? · 3 matchResources:MatchResources? · 4 validationActions:s[]
ParamRef: 1 name · 2 namespace · 3 selector:LabelSelector? · 4 parameterNotFoundAction?
`;
