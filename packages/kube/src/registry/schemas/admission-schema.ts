/** The types of admissionregistration.k8s.io/v1, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const admissionTypes = `
MutatingWebhookConfiguration: apiVersion kind metadata:ObjectMeta webhooks:MutatingWebhook[name]
ValidatingWebhookConfiguration: apiVersion kind metadata:ObjectMeta webhooks:ValidatingWebhook[name]
MutatingWebhook: name clientConfig:AdmissionClientConfig rules:RuleWithOperations[] failurePolicy matchPolicy
    namespaceSelector:LabelSelector objectSelector:LabelSelector sideEffects timeoutSeconds:i admissionReviewVersions:s[]
    reinvocationPolicy matchConditions:MatchCondition[name]
ValidatingWebhook: name clientConfig:AdmissionClientConfig rules:RuleWithOperations[] failurePolicy matchPolicy
    namespaceSelector:LabelSelector objectSelector:LabelSelector sideEffects timeoutSeconds:i admissionReviewVersions:s[]
    matchConditions:MatchCondition[name]
AdmissionClientConfig: url service:AdmissionServiceReference caBundle:bytes
AdmissionServiceReference: namespace name path port:i
RuleWithOperations: operations:s[] apiGroups:s[] apiVersions:s[] resources:s[] scope
MatchCondition: name expression
ValidatingAdmissionPolicy: apiVersion kind metadata:ObjectMeta spec:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: paramKind:ParamKind matchConstraints:MatchResources validations:Validation[] failurePolicy
    auditAnnotations:AuditAnnotation[] matchConditions:MatchCondition[name] variables:AdmissionVariable[name]
ParamKind~: apiVersion kind
MatchResources~: namespaceSelector:LabelSelector objectSelector:LabelSelector resourceRules:NamedRuleWithOperations[]
    excludeResourceRules:NamedRuleWithOperations[] matchPolicy
NamedRuleWithOperations~: resourceNames:s[] operations:s[] apiGroups:s[] apiVersions:s[] resources:s[] scope
Validation: expression message reason messageExpression
AuditAnnotation: key valueExpression
AdmissionVariable~: name expression
ValidatingAdmissionPolicyStatus: observedGeneration:l typeChecking:TypeChecking conditions:Condition[type]=
TypeChecking: expressionWarnings:ExpressionWarning[]
ExpressionWarning: fieldRef warning
ValidatingAdmissionPolicyBinding: apiVersion kind metadata:ObjectMeta spec:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: policyName paramRef:ParamRef matchResources:MatchResources validationActions:s[set]=
ParamRef~: name namespace selector:LabelSelector parameterNotFoundAction
`;
