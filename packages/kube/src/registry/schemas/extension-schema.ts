/** The types of apiextensions.k8s.io/v1, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/apiextensions-apiserver` v0.35. */

/** Type definitions; other tables may refer to them. */
export const extensionTypes = `
CustomResourceDefinition: apiVersion kind metadata:ObjectMeta spec:CustomResourceDefinitionSpec status:CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: group names+:CustomResourceDefinitionNames scope versions:CustomResourceDefinitionVersion[]
    conversion:CustomResourceConversion preserveUnknownFields:b
CustomResourceDefinitionNames: plural singular shortNames:s[] kind listKind categories:s[]
CustomResourceDefinitionVersion: name served:b storage:b deprecated:b deprecationWarning schema:CustomResourceValidation
    subresources:CustomResourceSubresources additionalPrinterColumns:CustomResourceColumnDefinition[] selectableFields:SelectableField[]
SelectableField: jsonPath
CustomResourceColumnDefinition: name type format description priority:i jsonPath
CustomResourceSubresources: status:CustomResourceSubresourceStatus scale:CustomResourceSubresourceScale
CustomResourceSubresourceStatus:
CustomResourceSubresourceScale: specReplicasPath statusReplicasPath labelSelectorPath
CustomResourceConversion: strategy webhook:WebhookConversion
WebhookConversion: clientConfig:ConversionWebhookClientConfig conversionReviewVersions:s[]
ConversionWebhookClientConfig: url service:ConversionServiceReference caBundle:bytes
ConversionServiceReference: namespace name path port:i
CustomResourceValidation: openAPIV3Schema:JSONSchemaProps
JSONSchemaProps: id $schema $ref description type format title default:any maximum:n exclusiveMaximum:b minimum:n exclusiveMinimum:b
    maxLength:l minLength:l pattern maxItems:l minItems:l uniqueItems:b multipleOf:n enum:any[] maxProperties:l minProperties:l
    required:s[] items:JSONSchemaProps allOf:JSONSchemaProps[] oneOf:JSONSchemaProps[] anyOf:JSONSchemaProps[] not:JSONSchemaProps
    properties:{JSONSchemaProps} additionalProperties:JSONSchemaProps|b patternProperties:{JSONSchemaProps} dependencies:any
    additionalItems:JSONSchemaProps|b definitions:{JSONSchemaProps} externalDocs:ExternalDocumentation example:any nullable:b
    x-kubernetes-preserve-unknown-fields:b x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b
    x-kubernetes-list-map-keys:s[] x-kubernetes-list-type x-kubernetes-map-type x-kubernetes-validations:ValidationRule[rule]
ExternalDocumentation: description url
ValidationRule: rule message messageExpression reason fieldPath optionalOldSelf:b
CustomResourceDefinitionStatus: conditions:CustomResourceDefinitionCondition[type]= acceptedNames+:CustomResourceDefinitionNames
    storedVersions:s[] observedGeneration:l
CustomResourceDefinitionCondition: type status lastTransitionTime:t reason message observedGeneration:l
`;
