/** What people read about custom kinds and admission, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const extensionDocumentation = `
# io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinition: A kind that somebody adds to the API.
  spec!:
CustomResourceDefinitionSpec: What the kind is called, and how its objects look.
  group!: Its group.
  names!: Its names.
  scope!: 'Cluster' or 'Namespaced'.
  versions!: Its versions.
  conversion: How objects get from one version to another.
  preserveUnknownFields: Not used any more; must be false.
CustomResourceDefinitionNames: The names of a kind.
  plural!: The name in paths, in small letters.
  singular: The name for one, in small letters.
  shortNames: Short names for people.
  kind!: The kind, in camel case.
  listKind: The kind of its lists.
  categories: Groups of kinds that it is shown with, for example 'all'.
CustomResourceDefinitionVersion: One version of a kind.
  name!: What it is called, for example 'v1'.
  served!: Whether it can be used.
  storage!: Whether objects are stored in it; exactly one version is.
  deprecated: Whether its users are warned.
  deprecationWarning: What they are told.
  schema: How its objects look.
  subresources: Its subresources.
  additionalPrinterColumns: What 'kubectl get' shows.
  selectableFields: Fields that objects can be selected by.
SelectableField: A field that objects can be selected by.
  jsonPath!: The path of the field.
CustomResourceColumnDefinition: A column of 'kubectl get'.
  name!: The head of the column.
  type!: The type of its values.
  format: The format of its values.
  description: What it shows.
  priority: 0 is always shown, more only with '-o wide'.
  jsonPath!: The path of the value.
CustomResourceSubresources: The subresources of a kind.
  status: With this, 'status' is written through its subresource only.
  scale: With this, the kind can be scaled.
CustomResourceSubresourceStatus: Has nothing to set.
CustomResourceSubresourceScale: Where the numbers of replicas stand.
  specReplicasPath!: The path of the number that is wanted.
  statusReplicasPath!: The path of the number that there is.
  labelSelectorPath: The path of the selector of its pods.
CustomResourceConversion: How objects get from one version to another.
  strategy!: 'None': only 'apiVersion' changes.
  webhook: Who is asked to convert.
WebhookConversion: Who is asked to convert.
  clientConfig: How to reach it.
  conversionReviewVersions!: The versions of the question that it understands.
ConversionWebhookClientConfig=WebhookClientConfig: How to reach a webhook.
  url: Its URL.
  service: The service that it is behind.
  caBundle: The certificates that its own is checked with.
ConversionServiceReference=ServiceReference: A service.
  namespace!: The namespace of the service.
  name!: The name of the service.
  path: The path to ask at.
  port: The port of the service, 443 by default.
CustomResourceValidation: How objects look.
  openAPIV3Schema: The schema.
JSONSchemaProps: A schema of JSON values, as OpenAPI writes it.
  id: Not allowed in the schemas of kinds.
  $schema: Not allowed in the schemas of kinds.
  $ref: Not allowed in the schemas of kinds.
  description: What the value is, for people.
  type: The type of the value.
  format: The format of the value.
  title: A title for people.
  default: What stands in for an absent value.
  maximum: The largest number.
  exclusiveMaximum: Whether 'maximum' itself is too large.
  minimum: The smallest number.
  exclusiveMinimum: Whether 'minimum' itself is too small.
  maxLength: The longest text.
  minLength: The shortest text.
  pattern: A regular expression that texts must match.
  maxItems: The longest list.
  minItems: The shortest list.
  uniqueItems: Whether members must differ; must be false.
  multipleOf: What numbers must be a multiple of.
  enum: All values that there are.
  maxProperties: The most properties.
  minProperties: The fewest properties.
  required: Properties that must be there.
  items: The schema of members.
  allOf: Schemas that must all fit.
  oneOf: Schemas of which exactly one must fit.
  anyOf: Schemas of which one must fit.
  not: A schema that must not fit.
  properties: The schemas of properties.
  additionalProperties: The schema of all other properties.
  patternProperties: Not allowed in the schemas of kinds.
  dependencies: Not allowed in the schemas of kinds.
  additionalItems: Not allowed in the schemas of kinds.
  definitions: Not allowed in the schemas of kinds.
  externalDocs: Where more is written.
  example: An example for people.
  nullable: Whether the value can be null.
  x-kubernetes-preserve-unknown-fields: Whether fields that are not named are kept.
  x-kubernetes-embedded-resource: Whether the value is an object with a kind and metadata of its own.
  x-kubernetes-int-or-string: Whether the value is an integer or a text.
  x-kubernetes-list-map-keys: The fields by which members are told apart.
  x-kubernetes-list-type: Whether a list is 'atomic', a 'set' or a 'map'.
  x-kubernetes-map-type: Whether an object is 'granular' or 'atomic'.
  x-kubernetes-validations: Rules in the Common Expression Language.
ExternalDocumentation: Where more is written.
  description: What is written there.
  url: The URL.
ValidationRule: A rule in the Common Expression Language.
  rule!: The expression; 'self' is the value.
  message: What is said when it is not met.
  messageExpression: An expression that makes the message.
  reason(FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired): The reason of the error.
  fieldPath: The field that the error names.
  optionalOldSelf: Whether the rule is asked for new values as well.
CustomResourceDefinitionStatus: What is known of a definition.
  conditions: What is true of it now.
  acceptedNames: The names that it is served under.
  storedVersions: Versions that objects were ever stored in.
CustomResourceDefinitionCondition: One condition of a definition.
  type!:
  status!:
# io.k8s.api.admissionregistration.v1
MutatingWebhookConfiguration: Webhooks that may change objects before they are stored.
  webhooks: The webhooks.
ValidatingWebhookConfiguration: Webhooks that may refuse objects.
  webhooks: The webhooks.
MutatingWebhook: A webhook that may change objects.
  name!: Its name, a full domain name.
  clientConfig!: How to reach it.
  rules: What it is asked about.
  failurePolicy(Fail|Ignore): What happens when it does not answer.
  matchPolicy(Equivalent|Exact): Whether it is asked about other versions of the same kinds too.
  namespaceSelector: Only objects in these namespaces.
  objectSelector: Only objects with these labels.
  sideEffects!(None|NoneOnDryRun|Some|Unknown): Whether its answers change anything elsewhere.
  timeoutSeconds: After how many seconds it has not answered, 1 to 30.
  admissionReviewVersions!: The versions of the question that it understands.
  reinvocationPolicy(IfNeeded|Never): Whether it is asked again when others have changed the object.
  matchConditions: Expressions that must all be true for it to be asked.
ValidatingWebhook: A webhook that may refuse objects.
  name!: Its name, a full domain name.
  clientConfig!: How to reach it.
  rules: What it is asked about.
  failurePolicy(Fail|Ignore): What happens when it does not answer.
  matchPolicy(Equivalent|Exact): Whether it is asked about other versions of the same kinds too.
  namespaceSelector: Only objects in these namespaces.
  objectSelector: Only objects with these labels.
  sideEffects!(None|NoneOnDryRun|Some|Unknown): Whether its answers change anything elsewhere.
  timeoutSeconds: After how many seconds it has not answered, 1 to 30.
  admissionReviewVersions!: The versions of the question that it understands.
  matchConditions: Expressions that must all be true for it to be asked.
AdmissionClientConfig=WebhookClientConfig: How to reach a webhook.
  url: Its URL.
  service: The service that it is behind.
  caBundle: The certificates that its own is checked with.
AdmissionServiceReference=ServiceReference: A service.
  namespace!: The namespace of the service.
  name!: The name of the service.
  path: The path to ask at.
  port: The port of the service, 443 by default.
RuleWithOperations: Operations on resources.
  operations(*|CONNECT|CREATE|DELETE|UPDATE): The operations; '*' for all.
  apiGroups: The groups; '*' for all.
  apiVersions: The versions; '*' for all.
  resources: The resources; '*' for all, 'pods/*' for the subresources of pods.
  scope: 'Cluster', 'Namespaced' or '*'.
NamedRuleWithOperations: Operations on resources, or on some objects of them.
  resourceNames: Only these objects.
  operations: The operations; '*' for all.
  apiGroups: The groups; '*' for all.
  apiVersions: The versions; '*' for all.
  resources: The resources; '*' for all, 'pods/*' for the subresources of pods.
  scope: 'Cluster', 'Namespaced' or '*'.
MatchCondition: An expression that must be true.
  name!: What it is called.
  expression!: The expression; 'object', 'oldObject', 'request' and 'authorizer' are there.
ValidatingAdmissionPolicy: Expressions that objects must meet before they are stored.
ValidatingAdmissionPolicySpec: What the policy is about, and what must be true.
  paramKind: The kind of its parameters.
  matchConstraints: What it is about.
  validations: What must be true.
  failurePolicy(Fail|Ignore): What an expression that cannot be evaluated means.
  auditAnnotations: What is told to the audit log.
  matchConditions: Expressions that must all be true for it to count.
  variables: Expressions with names, for use in the others.
AdmissionVariable=Variable: An expression with a name.
  name!: Its name; 'variables.NAME' in others.
  expression!: The expression.
ParamKind: A kind of parameters.
  apiVersion: The version of the API of the kind.
  kind: The kind.
MatchResources: Requests, by what they are about.
  namespaceSelector: Only objects in these namespaces.
  objectSelector: Only objects with these labels.
  resourceRules: Which operations on which resources.
  excludeResourceRules: Which of them are left out.
  matchPolicy(Equivalent|Exact): Whether other versions of the same kinds are meant too.
Validation: Something that must be true.
  expression!: The expression.
  message: What is said when it is not true.
  reason: The reason of the refusal.
  messageExpression: An expression that makes the message.
AuditAnnotation: Something for the audit log.
  key!: What it is called.
  valueExpression!: An expression that makes the text.
ValidatingAdmissionPolicyStatus: What is known of a policy.
  typeChecking: What the types of its expressions say.
  conditions: What is true of it now.
TypeChecking: What the types of expressions say.
  expressionWarnings: Expressions that cannot be right.
ExpressionWarning: An expression that cannot be right.
  fieldRef!: Where it stands.
  warning!: Why.
ValidatingAdmissionPolicyBinding: Puts a policy into force.
ValidatingAdmissionPolicyBindingSpec: Which policy, with which parameters, for what.
  policyName: The policy.
  paramRef: The parameters.
  matchResources: Which of the policy's requests are meant.
  validationActions(Audit|Deny|Warn): What happens to what does not meet it.
ParamRef: Objects that are parameters.
  name: The name of the one.
  namespace: Their namespace.
  selector: All of these, by their labels.
  parameterNotFoundAction: What happens when there is none: 'Allow' or 'Deny'.
`;
