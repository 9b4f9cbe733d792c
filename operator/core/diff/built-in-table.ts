/**
 * What the published schemas of Kubernetes 1.36 say that comparing has to know, in the form that
 * `type-table.ts` reads. Generated from a real API server, which a test compares it with: see
 * `built-in-table.integration.test.ts`.
 */
export const BUILT_IN_TABLE: string = `
admissionregistration.k8s.io/v1/MutatingAdmissionPolicy = admissionregistration.v1.MutatingAdmissionPolicy
admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding = admissionregistration.v1.MutatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1/MutatingWebhookConfiguration = admissionregistration.v1.MutatingWebhookConfiguration
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy = admissionregistration.v1.ValidatingAdmissionPolicy
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding = admissionregistration.v1.ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration = admissionregistration.v1.ValidatingWebhookConfiguration
apiextensions.k8s.io/v1/CustomResourceDefinition = apiextensions.v1.CustomResourceDefinition
apiregistration.k8s.io/v1/APIService = apiregistration.v1.APIService
apps/v1/ControllerRevision = apps.v1.ControllerRevision
apps/v1/DaemonSet = apps.v1.DaemonSet
apps/v1/Deployment = apps.v1.Deployment
apps/v1/ReplicaSet = apps.v1.ReplicaSet
apps/v1/StatefulSet = apps.v1.StatefulSet
autoscaling/v1/HorizontalPodAutoscaler = autoscaling.v1.HorizontalPodAutoscaler
autoscaling/v2/HorizontalPodAutoscaler = autoscaling.v2.HorizontalPodAutoscaler
batch/v1/CronJob = batch.v1.CronJob
batch/v1/Job = batch.v1.Job
certificates.k8s.io/v1/CertificateSigningRequest = certificates.v1.CertificateSigningRequest
coordination.k8s.io/v1/Lease = coordination.v1.Lease
discovery.k8s.io/v1/EndpointSlice = discovery.v1.EndpointSlice
events.k8s.io/v1/Event = events.v1.Event
flowcontrol.apiserver.k8s.io/v1/FlowSchema = flowcontrol.v1.FlowSchema
flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration = flowcontrol.v1.PriorityLevelConfiguration
networking.k8s.io/v1/IPAddress = networking.v1.IPAddress
networking.k8s.io/v1/Ingress = networking.v1.Ingress
networking.k8s.io/v1/IngressClass = networking.v1.IngressClass
networking.k8s.io/v1/NetworkPolicy = networking.v1.NetworkPolicy
networking.k8s.io/v1/ServiceCIDR = networking.v1.ServiceCIDR
node.k8s.io/v1/RuntimeClass = node.v1.RuntimeClass
policy/v1/PodDisruptionBudget = policy.v1.PodDisruptionBudget
rbac.authorization.k8s.io/v1/ClusterRole = rbac.v1.ClusterRole
rbac.authorization.k8s.io/v1/ClusterRoleBinding = rbac.v1.ClusterRoleBinding
rbac.authorization.k8s.io/v1/Role = rbac.v1.Role
rbac.authorization.k8s.io/v1/RoleBinding = rbac.v1.RoleBinding
resource.k8s.io/v1/DeviceClass = resource.v1.DeviceClass
resource.k8s.io/v1/ResourceClaim = resource.v1.ResourceClaim
resource.k8s.io/v1/ResourceClaimTemplate = resource.v1.ResourceClaimTemplate
resource.k8s.io/v1/ResourceSlice = resource.v1.ResourceSlice
scheduling.k8s.io/v1/PriorityClass = scheduling.v1.PriorityClass
storage.k8s.io/v1/CSIDriver = storage.v1.CSIDriver
storage.k8s.io/v1/CSINode = storage.v1.CSINode
storage.k8s.io/v1/CSIStorageCapacity = storage.v1.CSIStorageCapacity
storage.k8s.io/v1/StorageClass = storage.v1.StorageClass
storage.k8s.io/v1/VolumeAttachment = storage.v1.VolumeAttachment
storage.k8s.io/v1/VolumeAttributesClass = storage.v1.VolumeAttributesClass
v1/ConfigMap = core.v1.ConfigMap
v1/Endpoints = core.v1.Endpoints
v1/Event = core.v1.Event
v1/LimitRange = core.v1.LimitRange
v1/Namespace = core.v1.Namespace
v1/Node = core.v1.Node
v1/PersistentVolume = core.v1.PersistentVolume
v1/PersistentVolumeClaim = core.v1.PersistentVolumeClaim
v1/Pod = core.v1.Pod
v1/PodTemplate = core.v1.PodTemplate
v1/ReplicationController = core.v1.ReplicationController
v1/ResourceQuota = core.v1.ResourceQuota
v1/Secret = core.v1.Secret
v1/Service = core.v1.Service
v1/ServiceAccount = core.v1.ServiceAccount

admissionregistration.v1.MatchResources ! excludeResourceRules:[]admissionregistration.v1.NamedRuleWithOperations namespaceSelector:meta.v1.LabelSelector objectSelector:meta.v1.LabelSelector resourceRules:[]admissionregistration.v1.NamedRuleWithOperations matchPolicy="Equivalent" namespaceSelector={} objectSelector={}
admissionregistration.v1.MutatingAdmissionPolicy metadata:meta.v1.ObjectMeta spec:admissionregistration.v1.MutatingAdmissionPolicySpec metadata={} spec={}
admissionregistration.v1.MutatingAdmissionPolicyBinding metadata:meta.v1.ObjectMeta spec:admissionregistration.v1.MutatingAdmissionPolicyBindingSpec metadata={} spec={}
admissionregistration.v1.MutatingAdmissionPolicyBindingSpec matchResources:admissionregistration.v1.MatchResources paramRef:admissionregistration.v1.ParamRef
admissionregistration.v1.MutatingAdmissionPolicySpec matchConditions:[name] matchConstraints:admissionregistration.v1.MatchResources paramKind:admissionregistration.v1.ParamKind variables:[]admissionregistration.v1.Variable
admissionregistration.v1.MutatingWebhook clientConfig:admissionregistration.v1.WebhookClientConfig matchConditions:[name] namespaceSelector:meta.v1.LabelSelector objectSelector:meta.v1.LabelSelector rules:[]admissionregistration.v1.RuleWithOperations clientConfig={}
admissionregistration.v1.MutatingWebhookConfiguration metadata:meta.v1.ObjectMeta webhooks:[name]admissionregistration.v1.MutatingWebhook metadata={}
admissionregistration.v1.NamedRuleWithOperations ! scope="*"
admissionregistration.v1.ParamKind !
admissionregistration.v1.ParamRef ! selector:meta.v1.LabelSelector
admissionregistration.v1.RuleWithOperations scope="*"
admissionregistration.v1.ValidatingAdmissionPolicy metadata:meta.v1.ObjectMeta spec:admissionregistration.v1.ValidatingAdmissionPolicySpec status:admissionregistration.v1.ValidatingAdmissionPolicyStatus metadata={} spec={} status={}
admissionregistration.v1.ValidatingAdmissionPolicyBinding metadata:meta.v1.ObjectMeta spec:admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec metadata={} spec={}
admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec matchResources:admissionregistration.v1.MatchResources paramRef:admissionregistration.v1.ParamRef validationActions:[set]
admissionregistration.v1.ValidatingAdmissionPolicySpec matchConditions:[name] matchConstraints:admissionregistration.v1.MatchResources paramKind:admissionregistration.v1.ParamKind variables:[name]admissionregistration.v1.Variable
admissionregistration.v1.ValidatingAdmissionPolicyStatus conditions:[type]meta.v1.Condition
admissionregistration.v1.ValidatingWebhook clientConfig:admissionregistration.v1.WebhookClientConfig matchConditions:[name] namespaceSelector:meta.v1.LabelSelector objectSelector:meta.v1.LabelSelector rules:[]admissionregistration.v1.RuleWithOperations clientConfig={}
admissionregistration.v1.ValidatingWebhookConfiguration metadata:meta.v1.ObjectMeta webhooks:[name]admissionregistration.v1.ValidatingWebhook metadata={}
admissionregistration.v1.Variable !
admissionregistration.v1.WebhookClientConfig caBundle:bytes
apiextensions.v1.CustomResourceConversion webhook:apiextensions.v1.WebhookConversion
apiextensions.v1.CustomResourceDefinition metadata:meta.v1.ObjectMeta spec:apiextensions.v1.CustomResourceDefinitionSpec status:apiextensions.v1.CustomResourceDefinitionStatus metadata={} spec={} status={}
apiextensions.v1.CustomResourceDefinitionCondition lastTransitionTime:time
apiextensions.v1.CustomResourceDefinitionSpec conversion:apiextensions.v1.CustomResourceConversion versions:[]apiextensions.v1.CustomResourceDefinitionVersion names={} preserveUnknownFields=false
apiextensions.v1.CustomResourceDefinitionStatus conditions:[type]apiextensions.v1.CustomResourceDefinitionCondition acceptedNames={}
apiextensions.v1.CustomResourceDefinitionVersion schema:apiextensions.v1.CustomResourceValidation subresources:apiextensions.v1.CustomResourceSubresources served=false storage=false
apiextensions.v1.CustomResourceSubresources status:opaque
apiextensions.v1.CustomResourceValidation openAPIV3Schema:apiextensions.v1.JSONSchemaProps
apiextensions.v1.JSONSchemaProps allOf:[]apiextensions.v1.JSONSchemaProps anyOf:[]apiextensions.v1.JSONSchemaProps definitions:{}apiextensions.v1.JSONSchemaProps dependencies:{} not:apiextensions.v1.JSONSchemaProps oneOf:[]apiextensions.v1.JSONSchemaProps patternProperties:{}apiextensions.v1.JSONSchemaProps properties:{}apiextensions.v1.JSONSchemaProps x-kubernetes-validations:[rule] description="" exclusiveMaximum=false exclusiveMinimum=false format="" nullable=false pattern="" title="" uniqueItems=false x-kubernetes-embedded-resource=false x-kubernetes-int-or-string=false
apiextensions.v1.WebhookClientConfig caBundle:bytes
apiextensions.v1.WebhookConversion clientConfig:apiextensions.v1.WebhookClientConfig
apiregistration.v1.APIService metadata:meta.v1.ObjectMeta spec:apiregistration.v1.APIServiceSpec status:apiregistration.v1.APIServiceStatus metadata={} spec={} status={}
apiregistration.v1.APIServiceCondition lastTransitionTime:time
apiregistration.v1.APIServiceSpec caBundle:bytes groupPriorityMinimum=0 versionPriority=0
apiregistration.v1.APIServiceStatus conditions:[type]apiregistration.v1.APIServiceCondition
apps.v1.ControllerRevision data:opaque metadata:meta.v1.ObjectMeta metadata={} revision=0
apps.v1.DaemonSet metadata:meta.v1.ObjectMeta spec:apps.v1.DaemonSetSpec status:apps.v1.DaemonSetStatus metadata={} spec={} status={}
apps.v1.DaemonSetCondition lastTransitionTime:time
apps.v1.DaemonSetSpec selector:meta.v1.LabelSelector template:core.v1.PodTemplateSpec minReadySeconds=0 template={} updateStrategy={}
apps.v1.DaemonSetStatus conditions:[type]apps.v1.DaemonSetCondition currentNumberScheduled=0 desiredNumberScheduled=0 numberMisscheduled=0 numberReady=0
apps.v1.Deployment metadata:meta.v1.ObjectMeta spec:apps.v1.DeploymentSpec status:apps.v1.DeploymentStatus metadata={} spec={} status={}
apps.v1.DeploymentCondition lastTransitionTime:time lastUpdateTime:time
apps.v1.DeploymentSpec selector:meta.v1.LabelSelector template:core.v1.PodTemplateSpec minReadySeconds=0 paused=false strategy={} template={}
apps.v1.DeploymentStatus conditions:[type]apps.v1.DeploymentCondition
apps.v1.ReplicaSet metadata:meta.v1.ObjectMeta spec:apps.v1.ReplicaSetSpec status:apps.v1.ReplicaSetStatus metadata={} spec={} status={}
apps.v1.ReplicaSetCondition lastTransitionTime:time
apps.v1.ReplicaSetSpec selector:meta.v1.LabelSelector template:core.v1.PodTemplateSpec minReadySeconds=0 template={}
apps.v1.ReplicaSetStatus conditions:[type]apps.v1.ReplicaSetCondition replicas=0
apps.v1.StatefulSet metadata:meta.v1.ObjectMeta spec:apps.v1.StatefulSetSpec status:apps.v1.StatefulSetStatus metadata={} spec={} status={}
apps.v1.StatefulSetCondition lastTransitionTime:time
apps.v1.StatefulSetOrdinals start=0
apps.v1.StatefulSetSpec ordinals:apps.v1.StatefulSetOrdinals selector:meta.v1.LabelSelector template:core.v1.PodTemplateSpec volumeClaimTemplates:[]core.v1.PersistentVolumeClaim minReadySeconds=0 template={} updateStrategy={}
apps.v1.StatefulSetStatus conditions:[type]apps.v1.StatefulSetCondition availableReplicas=0 replicas=0
autoscaling.v1.CrossVersionObjectReference !
autoscaling.v1.HorizontalPodAutoscaler metadata:meta.v1.ObjectMeta spec:autoscaling.v1.HorizontalPodAutoscalerSpec status:autoscaling.v1.HorizontalPodAutoscalerStatus metadata={} spec={} status={}
autoscaling.v1.HorizontalPodAutoscalerSpec scaleTargetRef:autoscaling.v1.CrossVersionObjectReference maxReplicas=0 scaleTargetRef={}
autoscaling.v1.HorizontalPodAutoscalerStatus lastScaleTime:time currentReplicas=0 desiredReplicas=0
autoscaling.v2.ContainerResourceMetricSource target:autoscaling.v2.MetricTarget target={}
autoscaling.v2.ContainerResourceMetricStatus current:autoscaling.v2.MetricValueStatus current={}
autoscaling.v2.ExternalMetricSource metric:autoscaling.v2.MetricIdentifier target:autoscaling.v2.MetricTarget metric={} target={}
autoscaling.v2.ExternalMetricStatus current:autoscaling.v2.MetricValueStatus metric:autoscaling.v2.MetricIdentifier current={} metric={}
autoscaling.v2.HPAScalingPolicy periodSeconds=0 value=0
autoscaling.v2.HPAScalingRules policies:[]autoscaling.v2.HPAScalingPolicy tolerance:quantity
autoscaling.v2.HorizontalPodAutoscaler metadata:meta.v1.ObjectMeta spec:autoscaling.v2.HorizontalPodAutoscalerSpec status:autoscaling.v2.HorizontalPodAutoscalerStatus metadata={} spec={} status={}
autoscaling.v2.HorizontalPodAutoscalerBehavior scaleDown:autoscaling.v2.HPAScalingRules scaleUp:autoscaling.v2.HPAScalingRules
autoscaling.v2.HorizontalPodAutoscalerCondition lastTransitionTime:time
autoscaling.v2.HorizontalPodAutoscalerSpec behavior:autoscaling.v2.HorizontalPodAutoscalerBehavior metrics:[]autoscaling.v2.MetricSpec maxReplicas=0 scaleTargetRef={}
autoscaling.v2.HorizontalPodAutoscalerStatus conditions:[type]autoscaling.v2.HorizontalPodAutoscalerCondition currentMetrics:[]autoscaling.v2.MetricStatus lastScaleTime:time desiredReplicas=0
autoscaling.v2.MetricIdentifier selector:meta.v1.LabelSelector
autoscaling.v2.MetricSpec containerResource:autoscaling.v2.ContainerResourceMetricSource external:autoscaling.v2.ExternalMetricSource object:autoscaling.v2.ObjectMetricSource pods:autoscaling.v2.PodsMetricSource resource:autoscaling.v2.ResourceMetricSource
autoscaling.v2.MetricStatus containerResource:autoscaling.v2.ContainerResourceMetricStatus external:autoscaling.v2.ExternalMetricStatus object:autoscaling.v2.ObjectMetricStatus pods:autoscaling.v2.PodsMetricStatus resource:autoscaling.v2.ResourceMetricStatus
autoscaling.v2.MetricTarget averageValue:quantity value:quantity
autoscaling.v2.MetricValueStatus averageValue:quantity value:quantity
autoscaling.v2.ObjectMetricSource metric:autoscaling.v2.MetricIdentifier target:autoscaling.v2.MetricTarget describedObject={} metric={} target={}
autoscaling.v2.ObjectMetricStatus current:autoscaling.v2.MetricValueStatus metric:autoscaling.v2.MetricIdentifier current={} describedObject={} metric={}
autoscaling.v2.PodsMetricSource metric:autoscaling.v2.MetricIdentifier target:autoscaling.v2.MetricTarget metric={} target={}
autoscaling.v2.PodsMetricStatus current:autoscaling.v2.MetricValueStatus metric:autoscaling.v2.MetricIdentifier current={} metric={}
autoscaling.v2.ResourceMetricSource target:autoscaling.v2.MetricTarget target={}
autoscaling.v2.ResourceMetricStatus current:autoscaling.v2.MetricValueStatus current={}
batch.v1.CronJob metadata:meta.v1.ObjectMeta spec:batch.v1.CronJobSpec status:batch.v1.CronJobStatus metadata={} spec={} status={}
batch.v1.CronJobSpec jobTemplate:batch.v1.JobTemplateSpec jobTemplate={}
batch.v1.CronJobStatus active:[]core.v1.ObjectReference lastScheduleTime:time lastSuccessfulTime:time
batch.v1.Job metadata:meta.v1.ObjectMeta spec:batch.v1.JobSpec status:batch.v1.JobStatus metadata={} spec={} status={}
batch.v1.JobCondition lastProbeTime:time lastTransitionTime:time
batch.v1.JobSpec podFailurePolicy:batch.v1.PodFailurePolicy selector:meta.v1.LabelSelector template:core.v1.PodTemplateSpec template={}
batch.v1.JobStatus completionTime:time conditions:[]batch.v1.JobCondition startTime:time uncountedTerminatedPods:batch.v1.UncountedTerminatedPods
batch.v1.JobTemplateSpec metadata:meta.v1.ObjectMeta spec:batch.v1.JobSpec metadata={} spec={}
batch.v1.PodFailurePolicy rules:[]batch.v1.PodFailurePolicyRule
batch.v1.PodFailurePolicyOnExitCodesRequirement values:[set]
batch.v1.PodFailurePolicyOnPodConditionsPattern status="True"
batch.v1.PodFailurePolicyRule onExitCodes:batch.v1.PodFailurePolicyOnExitCodesRequirement onPodConditions:[]batch.v1.PodFailurePolicyOnPodConditionsPattern
batch.v1.UncountedTerminatedPods failed:[set] succeeded:[set]
certificates.v1.CertificateSigningRequest metadata:meta.v1.ObjectMeta spec:certificates.v1.CertificateSigningRequestSpec status:certificates.v1.CertificateSigningRequestStatus metadata={} spec={} status={}
certificates.v1.CertificateSigningRequestCondition lastTransitionTime:time lastUpdateTime:time
certificates.v1.CertificateSigningRequestSpec extra:{} request:bytes
certificates.v1.CertificateSigningRequestStatus certificate:bytes conditions:[type]certificates.v1.CertificateSigningRequestCondition
coordination.v1.Lease metadata:meta.v1.ObjectMeta spec:coordination.v1.LeaseSpec metadata={} spec={}
coordination.v1.LeaseSpec acquireTime:micro-time renewTime:micro-time
core.v1.AWSElasticBlockStoreVolumeSource fsType="" partition=0 readOnly=false
core.v1.Affinity nodeAffinity:core.v1.NodeAffinity podAffinity:core.v1.PodAffinity podAntiAffinity:core.v1.PodAntiAffinity
core.v1.AzureDiskVolumeSource cachingMode="ReadWrite" fsType="ext4" kind="Shared" readOnly=false
core.v1.CSIPersistentVolumeSource controllerExpandSecretRef:core.v1.SecretReference controllerPublishSecretRef:core.v1.SecretReference nodeExpandSecretRef:core.v1.SecretReference nodePublishSecretRef:core.v1.SecretReference nodeStageSecretRef:core.v1.SecretReference volumeAttributes:{} fsType="" readOnly=false
core.v1.CSIVolumeSource nodePublishSecretRef:core.v1.LocalObjectReference volumeAttributes:{}
core.v1.CephFSPersistentVolumeSource secretRef:core.v1.SecretReference
core.v1.CephFSVolumeSource secretRef:core.v1.LocalObjectReference
core.v1.CinderPersistentVolumeSource secretRef:core.v1.SecretReference
core.v1.CinderVolumeSource secretRef:core.v1.LocalObjectReference
core.v1.ClusterTrustBundleProjection labelSelector:meta.v1.LabelSelector
core.v1.ConfigMap binaryData:{}bytes data:{} metadata:meta.v1.ObjectMeta metadata={}
core.v1.ConfigMapKeySelector !
core.v1.Container env:[name!]core.v1.EnvVar lifecycle:core.v1.Lifecycle livenessProbe:core.v1.Probe ports:[containerPort,protocol="TCP"]core.v1.ContainerPort readinessProbe:core.v1.Probe resources:core.v1.ResourceRequirements restartPolicyRules:[]core.v1.ContainerRestartRule startupProbe:core.v1.Probe volumeDevices:[devicePath] volumeMounts:[mountPath]core.v1.VolumeMount resources={} stdin=false stdinOnce=false tty=false workingDir=""
core.v1.ContainerPort containerPort=0 hostIP="" hostPort=0 name="" protocol="TCP"
core.v1.ContainerRestartRule exitCodes:core.v1.ContainerRestartRuleOnExitCodes
core.v1.ContainerRestartRuleOnExitCodes values:[set]
core.v1.ContainerState running:core.v1.ContainerStateRunning terminated:core.v1.ContainerStateTerminated
core.v1.ContainerStateRunning startedAt:time
core.v1.ContainerStateTerminated finishedAt:time startedAt:time exitCode=0
core.v1.ContainerStatus allocatedResources:{}quantity allocatedResourcesStatus:[name]core.v1.ResourceStatus lastState:core.v1.ContainerState resources:core.v1.ResourceRequirements state:core.v1.ContainerState user:core.v1.ContainerUser volumeMounts:[mountPath] lastState={} ready=false restartCount=0 state={}
core.v1.ContainerUser linux:core.v1.LinuxContainerUser
core.v1.DaemonEndpoint Port=0
core.v1.DownwardAPIProjection items:[]core.v1.DownwardAPIVolumeFile
core.v1.DownwardAPIVolumeFile fieldRef:core.v1.ObjectFieldSelector resourceFieldRef:core.v1.ResourceFieldSelector
core.v1.DownwardAPIVolumeSource items:[]core.v1.DownwardAPIVolumeFile
core.v1.EmptyDirVolumeSource sizeLimit:quantity medium=""
core.v1.EndpointAddress ! targetRef:core.v1.ObjectReference
core.v1.EndpointPort ! port=0 protocol="TCP"
core.v1.EndpointSubset addresses:[]core.v1.EndpointAddress notReadyAddresses:[]core.v1.EndpointAddress ports:[]core.v1.EndpointPort
core.v1.Endpoints metadata:meta.v1.ObjectMeta subsets:[]core.v1.EndpointSubset metadata={}
core.v1.EnvVar valueFrom:core.v1.EnvVarSource value=""
core.v1.EnvVarSource configMapKeyRef:core.v1.ConfigMapKeySelector fieldRef:core.v1.ObjectFieldSelector fileKeyRef:core.v1.FileKeySelector resourceFieldRef:core.v1.ResourceFieldSelector secretKeyRef:core.v1.SecretKeySelector
core.v1.EphemeralContainer env:[name!]core.v1.EnvVar lifecycle:core.v1.Lifecycle livenessProbe:core.v1.Probe ports:[containerPort,protocol="TCP"]core.v1.ContainerPort readinessProbe:core.v1.Probe resources:core.v1.ResourceRequirements restartPolicyRules:[]core.v1.ContainerRestartRule startupProbe:core.v1.Probe volumeDevices:[devicePath] volumeMounts:[mountPath]core.v1.VolumeMount resources={} stdin=false stdinOnce=false tty=false workingDir=""
core.v1.EphemeralVolumeSource volumeClaimTemplate:core.v1.PersistentVolumeClaimTemplate
core.v1.Event eventTime:micro-time firstTimestamp:time involvedObject:core.v1.ObjectReference lastTimestamp:time metadata:meta.v1.ObjectMeta related:core.v1.ObjectReference series:core.v1.EventSeries involvedObject={} metadata={} source={}
core.v1.EventSeries lastObservedTime:micro-time
core.v1.FCVolumeSource fsType="" readOnly=false
core.v1.FileKeySelector ! optional=false
core.v1.FlexPersistentVolumeSource options:{} secretRef:core.v1.SecretReference
core.v1.FlexVolumeSource options:{} secretRef:core.v1.LocalObjectReference
core.v1.GCEPersistentDiskVolumeSource fsType="" partition=0 readOnly=false
core.v1.GRPCAction port=0
core.v1.ISCSIPersistentVolumeSource secretRef:core.v1.SecretReference iscsiInterface="default" lun=0
core.v1.ISCSIVolumeSource secretRef:core.v1.LocalObjectReference fsType="" iscsiInterface="default" lun=0 readOnly=false
core.v1.Lifecycle postStart:core.v1.LifecycleHandler preStop:core.v1.LifecycleHandler
core.v1.LifecycleHandler sleep:core.v1.SleepAction
core.v1.LimitRange metadata:meta.v1.ObjectMeta spec:core.v1.LimitRangeSpec metadata={} spec={}
core.v1.LimitRangeItem default:{}quantity defaultRequest:{}quantity max:{}quantity maxLimitRequestRatio:{}quantity min:{}quantity
core.v1.LimitRangeSpec limits:[]core.v1.LimitRangeItem
core.v1.LinuxContainerUser gid=0 uid=0
core.v1.LoadBalancerIngress ports:[]core.v1.PortStatus
core.v1.LoadBalancerStatus ingress:[]core.v1.LoadBalancerIngress
core.v1.LocalObjectReference !
core.v1.NFSVolumeSource readOnly=false
core.v1.Namespace metadata:meta.v1.ObjectMeta status:core.v1.NamespaceStatus metadata={} spec={} status={}
core.v1.NamespaceCondition lastTransitionTime:time
core.v1.NamespaceStatus conditions:[type]core.v1.NamespaceCondition
core.v1.Node metadata:meta.v1.ObjectMeta spec:core.v1.NodeSpec status:core.v1.NodeStatus metadata={} spec={} status={}
core.v1.NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:[]core.v1.PreferredSchedulingTerm requiredDuringSchedulingIgnoredDuringExecution:core.v1.NodeSelector
core.v1.NodeAllocatableResourceClaimStatus containers:[set] resources:{}quantity
core.v1.NodeCondition lastHeartbeatTime:time lastTransitionTime:time
core.v1.NodeDaemonEndpoints kubeletEndpoint:core.v1.DaemonEndpoint kubeletEndpoint={}
core.v1.NodeSelector ! nodeSelectorTerms:[]core.v1.NodeSelectorTerm
core.v1.NodeSelectorTerm !
core.v1.NodeSpec podCIDRs:[set] taints:[]core.v1.Taint
core.v1.NodeStatus addresses:[type] allocatable:{}quantity capacity:{}quantity conditions:[type]core.v1.NodeCondition daemonEndpoints:core.v1.NodeDaemonEndpoints daemonEndpoints={} nodeInfo={}
core.v1.ObjectFieldSelector ! apiVersion="v1"
core.v1.ObjectReference !
core.v1.PersistentVolume metadata:meta.v1.ObjectMeta spec:core.v1.PersistentVolumeSpec status:core.v1.PersistentVolumeStatus metadata={} spec={} status={}
core.v1.PersistentVolumeClaim metadata:meta.v1.ObjectMeta spec:core.v1.PersistentVolumeClaimSpec status:core.v1.PersistentVolumeClaimStatus apiVersion="v1" kind="PersistentVolumeClaim" metadata={} spec={} status={}
core.v1.PersistentVolumeClaimCondition lastProbeTime:time lastTransitionTime:time
core.v1.PersistentVolumeClaimSpec dataSource:core.v1.TypedLocalObjectReference resources:core.v1.VolumeResourceRequirements selector:meta.v1.LabelSelector resources={} volumeMode="Filesystem" volumeName=""
core.v1.PersistentVolumeClaimStatus allocatedResourceStatuses:{} allocatedResources:{}quantity capacity:{}quantity conditions:[type]core.v1.PersistentVolumeClaimCondition phase="Pending"
core.v1.PersistentVolumeClaimTemplate metadata:meta.v1.ObjectMeta spec:core.v1.PersistentVolumeClaimSpec metadata={} spec={}
core.v1.PersistentVolumeClaimVolumeSource readOnly=false
core.v1.PersistentVolumeSpec awsElasticBlockStore:core.v1.AWSElasticBlockStoreVolumeSource azureDisk:core.v1.AzureDiskVolumeSource capacity:{}quantity cephfs:core.v1.CephFSPersistentVolumeSource cinder:core.v1.CinderPersistentVolumeSource claimRef:core.v1.ObjectReference csi:core.v1.CSIPersistentVolumeSource fc:core.v1.FCVolumeSource flexVolume:core.v1.FlexPersistentVolumeSource gcePersistentDisk:core.v1.GCEPersistentDiskVolumeSource iscsi:core.v1.ISCSIPersistentVolumeSource nfs:core.v1.NFSVolumeSource nodeAffinity:core.v1.VolumeNodeAffinity rbd:core.v1.RBDPersistentVolumeSource scaleIO:core.v1.ScaleIOPersistentVolumeSource storageos:core.v1.StorageOSPersistentVolumeSource
core.v1.PersistentVolumeStatus lastPhaseTransitionTime:time
core.v1.Pod metadata:meta.v1.ObjectMeta spec:core.v1.PodSpec status:core.v1.PodStatus metadata={} spec={} status={}
core.v1.PodAffinity preferredDuringSchedulingIgnoredDuringExecution:[]core.v1.WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]core.v1.PodAffinityTerm
core.v1.PodAffinityTerm labelSelector:meta.v1.LabelSelector namespaceSelector:meta.v1.LabelSelector
core.v1.PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:[]core.v1.WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]core.v1.PodAffinityTerm
core.v1.PodCertificateProjection userAnnotations:{}
core.v1.PodCondition lastProbeTime:time lastTransitionTime:time
core.v1.PodSpec affinity:core.v1.Affinity containers:[name]core.v1.Container ephemeralContainers:[name]core.v1.EphemeralContainer hostAliases:[ip] imagePullSecrets:[name]core.v1.LocalObjectReference initContainers:[name!]core.v1.Container nodeSelector:{!} overhead:{}quantity resourceClaims:[name] resources:core.v1.ResourceRequirements schedulingGates:[name] tolerations:[]core.v1.Toleration topologySpreadConstraints:[topologyKey,whenUnsatisfiable]core.v1.TopologySpreadConstraint volumes:[name]core.v1.Volume hostIPC=false hostNetwork=false hostPID=false hostname="" nodeName="" priorityClassName="" serviceAccountName="" subdomain=""
core.v1.PodStatus allocatedResources:{}quantity conditions:[type]core.v1.PodCondition containerStatuses:[]core.v1.ContainerStatus ephemeralContainerStatuses:[]core.v1.ContainerStatus initContainerStatuses:[]core.v1.ContainerStatus nodeAllocatableResourceClaimStatuses:[]core.v1.NodeAllocatableResourceClaimStatus podIPs:[ip] resourceClaimStatuses:[name] resources:core.v1.ResourceRequirements startTime:time
core.v1.PodTemplate metadata:meta.v1.ObjectMeta template:core.v1.PodTemplateSpec metadata={} template={}
core.v1.PodTemplateSpec metadata:meta.v1.ObjectMeta spec:core.v1.PodSpec metadata={} spec={}
core.v1.PortStatus port=0
core.v1.PreferredSchedulingTerm preference:core.v1.NodeSelectorTerm preference={} weight=0
core.v1.Probe grpc:core.v1.GRPCAction initialDelaySeconds=0
core.v1.ProjectedVolumeSource sources:[]core.v1.VolumeProjection
core.v1.RBDPersistentVolumeSource secretRef:core.v1.SecretReference keyring="/etc/ceph/keyring" pool="rbd" user="admin"
core.v1.RBDVolumeSource secretRef:core.v1.LocalObjectReference keyring="/etc/ceph/keyring" pool="rbd" user="admin"
core.v1.ReplicationController metadata:meta.v1.ObjectMeta spec:core.v1.ReplicationControllerSpec status:core.v1.ReplicationControllerStatus metadata={} spec={} status={}
core.v1.ReplicationControllerCondition lastTransitionTime:time
core.v1.ReplicationControllerSpec selector:{!} template:core.v1.PodTemplateSpec minReadySeconds=0 replicas=1
core.v1.ReplicationControllerStatus conditions:[type]core.v1.ReplicationControllerCondition replicas=0
core.v1.ResourceFieldSelector ! divisor:quantity divisor="0"
core.v1.ResourceQuota metadata:meta.v1.ObjectMeta spec:core.v1.ResourceQuotaSpec status:core.v1.ResourceQuotaStatus metadata={} spec={} status={}
core.v1.ResourceQuotaSpec hard:{}quantity scopeSelector:core.v1.ScopeSelector
core.v1.ResourceQuotaStatus hard:{}quantity used:{}quantity
core.v1.ResourceRequirements claims:[name] limits:{}quantity requests:{}quantity
core.v1.ResourceStatus resources:[resourceID]
core.v1.ScaleIOPersistentVolumeSource secretRef:core.v1.SecretReference fsType="xfs" storageMode="ThinProvisioned"
core.v1.ScaleIOVolumeSource secretRef:core.v1.LocalObjectReference fsType="xfs" storageMode="ThinProvisioned"
core.v1.ScopeSelector !
core.v1.Secret data:{}bytes metadata:meta.v1.ObjectMeta stringData:{} metadata={}
core.v1.SecretKeySelector !
core.v1.SecretReference !
core.v1.Service metadata:meta.v1.ObjectMeta spec:core.v1.ServiceSpec status:core.v1.ServiceStatus metadata={} spec={} status={}
core.v1.ServiceAccount imagePullSecrets:[]core.v1.LocalObjectReference metadata:meta.v1.ObjectMeta secrets:[name]core.v1.ObjectReference metadata={}
core.v1.ServiceAccountTokenProjection expirationSeconds=3600
core.v1.ServicePort name="" nodePort=0 port=0 protocol="TCP"
core.v1.ServiceSpec ports:[port,protocol="TCP"]core.v1.ServicePort selector:{!} externalName="" loadBalancerIP="" publishNotReadyAddresses=false
core.v1.ServiceStatus conditions:[type]meta.v1.Condition loadBalancer:core.v1.LoadBalancerStatus loadBalancer={}
core.v1.SleepAction seconds=0
core.v1.StorageOSPersistentVolumeSource secretRef:core.v1.ObjectReference
core.v1.StorageOSVolumeSource secretRef:core.v1.LocalObjectReference
core.v1.Taint timeAdded:time
core.v1.Toleration effect="" key="" operator="" value=""
core.v1.TopologySelectorTerm !
core.v1.TopologySpreadConstraint labelSelector:meta.v1.LabelSelector maxSkew=0
core.v1.TypedLocalObjectReference !
core.v1.Volume awsElasticBlockStore:core.v1.AWSElasticBlockStoreVolumeSource azureDisk:core.v1.AzureDiskVolumeSource cephfs:core.v1.CephFSVolumeSource cinder:core.v1.CinderVolumeSource csi:core.v1.CSIVolumeSource downwardAPI:core.v1.DownwardAPIVolumeSource emptyDir:core.v1.EmptyDirVolumeSource ephemeral:core.v1.EphemeralVolumeSource fc:core.v1.FCVolumeSource flexVolume:core.v1.FlexVolumeSource gcePersistentDisk:core.v1.GCEPersistentDiskVolumeSource iscsi:core.v1.ISCSIVolumeSource nfs:core.v1.NFSVolumeSource persistentVolumeClaim:core.v1.PersistentVolumeClaimVolumeSource projected:core.v1.ProjectedVolumeSource rbd:core.v1.RBDVolumeSource scaleIO:core.v1.ScaleIOVolumeSource storageos:core.v1.StorageOSVolumeSource
core.v1.VolumeMount readOnly=false subPath="" subPathExpr=""
core.v1.VolumeNodeAffinity required:core.v1.NodeSelector
core.v1.VolumeProjection clusterTrustBundle:core.v1.ClusterTrustBundleProjection downwardAPI:core.v1.DownwardAPIProjection podCertificate:core.v1.PodCertificateProjection serviceAccountToken:core.v1.ServiceAccountTokenProjection
core.v1.VolumeResourceRequirements limits:{}quantity requests:{}quantity
core.v1.WeightedPodAffinityTerm podAffinityTerm:core.v1.PodAffinityTerm podAffinityTerm={} weight=0
discovery.v1.Endpoint addresses:[set] deprecatedTopology:{} targetRef:core.v1.ObjectReference conditions={}
discovery.v1.EndpointPort ! name="" protocol="TCP"
discovery.v1.EndpointSlice endpoints:[]discovery.v1.Endpoint metadata:meta.v1.ObjectMeta ports:[]discovery.v1.EndpointPort metadata={}
events.v1.Event deprecatedFirstTimestamp:time deprecatedLastTimestamp:time eventTime:micro-time metadata:meta.v1.ObjectMeta regarding:core.v1.ObjectReference related:core.v1.ObjectReference series:events.v1.EventSeries deprecatedSource={} metadata={} regarding={}
events.v1.EventSeries lastObservedTime:micro-time count=0
flowcontrol.v1.FlowSchema metadata:meta.v1.ObjectMeta spec:flowcontrol.v1.FlowSchemaSpec status:flowcontrol.v1.FlowSchemaStatus metadata={} spec={} status={}
flowcontrol.v1.FlowSchemaCondition lastTransitionTime:time
flowcontrol.v1.FlowSchemaSpec rules:[]flowcontrol.v1.PolicyRulesWithSubjects matchingPrecedence=0 priorityLevelConfiguration={}
flowcontrol.v1.FlowSchemaStatus conditions:[type]flowcontrol.v1.FlowSchemaCondition
flowcontrol.v1.LimitResponse queuing:flowcontrol.v1.QueuingConfiguration
flowcontrol.v1.LimitedPriorityLevelConfiguration limitResponse:flowcontrol.v1.LimitResponse limitResponse={}
flowcontrol.v1.NonResourcePolicyRule nonResourceURLs:[set] verbs:[set]
flowcontrol.v1.PolicyRulesWithSubjects nonResourceRules:[]flowcontrol.v1.NonResourcePolicyRule resourceRules:[]flowcontrol.v1.ResourcePolicyRule
flowcontrol.v1.PriorityLevelConfiguration metadata:meta.v1.ObjectMeta spec:flowcontrol.v1.PriorityLevelConfigurationSpec status:flowcontrol.v1.PriorityLevelConfigurationStatus metadata={} spec={} status={}
flowcontrol.v1.PriorityLevelConfigurationCondition lastTransitionTime:time
flowcontrol.v1.PriorityLevelConfigurationSpec limited:flowcontrol.v1.LimitedPriorityLevelConfiguration
flowcontrol.v1.PriorityLevelConfigurationStatus conditions:[type]flowcontrol.v1.PriorityLevelConfigurationCondition
flowcontrol.v1.QueuingConfiguration handSize=0 queueLengthLimit=0 queues=0
flowcontrol.v1.ResourcePolicyRule apiGroups:[set] namespaces:[set] resources:[set] verbs:[set]
meta.v1.Condition lastTransitionTime:time
meta.v1.LabelSelector ! matchLabels:{}
meta.v1.ManagedFieldsEntry fieldsV1:opaque time:time
meta.v1.ObjectMeta annotations:{} creationTimestamp:time deletionTimestamp:time finalizers:[set] labels:{} managedFields:[]meta.v1.ManagedFieldsEntry ownerReferences:[uid]meta.v1.OwnerReference generateName="" name="" namespace=""
meta.v1.OwnerReference !
networking.v1.HTTPIngressPath backend:networking.v1.IngressBackend backend={}
networking.v1.HTTPIngressRuleValue paths:[]networking.v1.HTTPIngressPath
networking.v1.IPAddress metadata:meta.v1.ObjectMeta metadata={} spec={}
networking.v1.Ingress metadata:meta.v1.ObjectMeta spec:networking.v1.IngressSpec status:networking.v1.IngressStatus metadata={} spec={} status={}
networking.v1.IngressBackend resource:core.v1.TypedLocalObjectReference service:networking.v1.IngressServiceBackend
networking.v1.IngressClass metadata:meta.v1.ObjectMeta metadata={} spec={}
networking.v1.IngressLoadBalancerIngress ports:[]networking.v1.IngressPortStatus
networking.v1.IngressLoadBalancerStatus ingress:[]networking.v1.IngressLoadBalancerIngress
networking.v1.IngressPortStatus port=0
networking.v1.IngressRule http:networking.v1.HTTPIngressRuleValue host=""
networking.v1.IngressServiceBackend port:networking.v1.ServiceBackendPort port={}
networking.v1.IngressSpec defaultBackend:networking.v1.IngressBackend rules:[]networking.v1.IngressRule
networking.v1.IngressStatus loadBalancer:networking.v1.IngressLoadBalancerStatus loadBalancer={}
networking.v1.NetworkPolicy metadata:meta.v1.ObjectMeta spec:networking.v1.NetworkPolicySpec metadata={} spec={}
networking.v1.NetworkPolicyEgressRule ports:[]networking.v1.NetworkPolicyPort to:[]networking.v1.NetworkPolicyPeer
networking.v1.NetworkPolicyIngressRule from:[]networking.v1.NetworkPolicyPeer ports:[]networking.v1.NetworkPolicyPort
networking.v1.NetworkPolicyPeer namespaceSelector:meta.v1.LabelSelector podSelector:meta.v1.LabelSelector
networking.v1.NetworkPolicyPort protocol="TCP"
networking.v1.NetworkPolicySpec egress:[]networking.v1.NetworkPolicyEgressRule ingress:[]networking.v1.NetworkPolicyIngressRule podSelector:meta.v1.LabelSelector podSelector={}
networking.v1.ServiceBackendPort !
networking.v1.ServiceCIDR metadata:meta.v1.ObjectMeta status:networking.v1.ServiceCIDRStatus metadata={} spec={} status={}
networking.v1.ServiceCIDRStatus conditions:[type]meta.v1.Condition
node.v1.Overhead podFixed:{}quantity
node.v1.RuntimeClass metadata:meta.v1.ObjectMeta overhead:node.v1.Overhead scheduling:node.v1.Scheduling metadata={}
node.v1.Scheduling nodeSelector:{!} tolerations:[]core.v1.Toleration
policy.v1.PodDisruptionBudget metadata:meta.v1.ObjectMeta spec:policy.v1.PodDisruptionBudgetSpec status:policy.v1.PodDisruptionBudgetStatus metadata={} spec={} status={}
policy.v1.PodDisruptionBudgetSpec selector:meta.v1.LabelSelector
policy.v1.PodDisruptionBudgetStatus conditions:[type]meta.v1.Condition disruptedPods:{}time currentHealthy=0 desiredHealthy=0 disruptionsAllowed=0 expectedPods=0
rbac.v1.AggregationRule clusterRoleSelectors:[]meta.v1.LabelSelector
rbac.v1.ClusterRole aggregationRule:rbac.v1.AggregationRule metadata:meta.v1.ObjectMeta metadata={}
rbac.v1.ClusterRoleBinding metadata:meta.v1.ObjectMeta roleRef:rbac.v1.RoleRef subjects:[]rbac.v1.Subject metadata={} roleRef={}
rbac.v1.Role metadata:meta.v1.ObjectMeta metadata={}
rbac.v1.RoleBinding metadata:meta.v1.ObjectMeta roleRef:rbac.v1.RoleRef subjects:[]rbac.v1.Subject metadata={} roleRef={}
rbac.v1.RoleRef ! apiGroup="rbac.authorization.k8s.io"
rbac.v1.Subject ! apiGroup="rbac.authorization.k8s.io"
resource.v1.AllocatedDeviceStatus conditions:[type]meta.v1.Condition data:opaque
resource.v1.AllocationResult allocationTimestamp:time devices:resource.v1.DeviceAllocationResult nodeSelector:core.v1.NodeSelector devices={}
resource.v1.CapacityRequestPolicy default:quantity validRange:resource.v1.CapacityRequestPolicyRange validValues:[]quantity
resource.v1.CapacityRequestPolicyRange max:quantity min:quantity step:quantity
resource.v1.CapacityRequirements requests:{}quantity
resource.v1.Counter value:quantity
resource.v1.CounterSet counters:{}resource.v1.Counter
resource.v1.Device attributes:{} capacity:{}resource.v1.DeviceCapacity consumesCounters:[]resource.v1.DeviceCounterConsumption nodeAllocatableResourceMappings:{}resource.v1.NodeAllocatableResourceMapping nodeSelector:core.v1.NodeSelector taints:[]resource.v1.DeviceTaint
resource.v1.DeviceAllocationConfiguration opaque:resource.v1.OpaqueDeviceConfiguration
resource.v1.DeviceAllocationResult config:[]resource.v1.DeviceAllocationConfiguration results:[]resource.v1.DeviceRequestAllocationResult
resource.v1.DeviceCapacity requestPolicy:resource.v1.CapacityRequestPolicy value:quantity
resource.v1.DeviceClaim config:[]resource.v1.DeviceClaimConfiguration requests:[]resource.v1.DeviceRequest
resource.v1.DeviceClaimConfiguration opaque:resource.v1.OpaqueDeviceConfiguration
resource.v1.DeviceClass metadata:meta.v1.ObjectMeta spec:resource.v1.DeviceClassSpec metadata={} spec={}
resource.v1.DeviceClassConfiguration opaque:resource.v1.OpaqueDeviceConfiguration
resource.v1.DeviceClassSpec config:[]resource.v1.DeviceClassConfiguration
resource.v1.DeviceCounterConsumption counters:{}resource.v1.Counter
resource.v1.DeviceRequest exactly:resource.v1.ExactDeviceRequest firstAvailable:[]resource.v1.DeviceSubRequest
resource.v1.DeviceRequestAllocationResult consumedCapacity:{}quantity tolerations:[]resource.v1.DeviceToleration
resource.v1.DeviceSubRequest capacity:resource.v1.CapacityRequirements tolerations:[]resource.v1.DeviceToleration allocationMode="ExactCount" count=1
resource.v1.DeviceTaint timeAdded:time
resource.v1.DeviceToleration operator="Equal"
resource.v1.ExactDeviceRequest capacity:resource.v1.CapacityRequirements tolerations:[]resource.v1.DeviceToleration allocationMode="ExactCount" count=1
resource.v1.NodeAllocatableResourceMapping allocationMultiplier:quantity
resource.v1.OpaqueDeviceConfiguration parameters:opaque
resource.v1.ResourceClaim metadata:meta.v1.ObjectMeta spec:resource.v1.ResourceClaimSpec status:resource.v1.ResourceClaimStatus metadata={} spec={} status={}
resource.v1.ResourceClaimSpec devices:resource.v1.DeviceClaim devices={}
resource.v1.ResourceClaimStatus allocation:resource.v1.AllocationResult devices:[driver,device,pool,shareID]resource.v1.AllocatedDeviceStatus reservedFor:[uid]
resource.v1.ResourceClaimTemplate metadata:meta.v1.ObjectMeta spec:resource.v1.ResourceClaimTemplateSpec metadata={} spec={}
resource.v1.ResourceClaimTemplateSpec metadata:meta.v1.ObjectMeta spec:resource.v1.ResourceClaimSpec metadata={} spec={}
resource.v1.ResourcePool generation=0 resourceSliceCount=0
resource.v1.ResourceSlice metadata:meta.v1.ObjectMeta spec:resource.v1.ResourceSliceSpec metadata={} spec={}
resource.v1.ResourceSliceSpec devices:[]resource.v1.Device nodeSelector:core.v1.NodeSelector pool:resource.v1.ResourcePool sharedCounters:[]resource.v1.CounterSet pool={}
scheduling.v1.PriorityClass metadata:meta.v1.ObjectMeta description="" globalDefault=false metadata={} value=0
storage.v1.CSIDriver metadata:meta.v1.ObjectMeta spec:storage.v1.CSIDriverSpec metadata={} spec={}
storage.v1.CSIDriverSpec volumeLifecycleModes:[set]
storage.v1.CSINode metadata:meta.v1.ObjectMeta spec:storage.v1.CSINodeSpec metadata={} spec={}
storage.v1.CSINodeSpec drivers:[name]
storage.v1.CSIStorageCapacity capacity:quantity maximumVolumeSize:quantity metadata:meta.v1.ObjectMeta nodeTopology:meta.v1.LabelSelector metadata={}
storage.v1.StorageClass allowedTopologies:[]core.v1.TopologySelectorTerm metadata:meta.v1.ObjectMeta parameters:{} metadata={}
storage.v1.VolumeAttachment metadata:meta.v1.ObjectMeta spec:storage.v1.VolumeAttachmentSpec status:storage.v1.VolumeAttachmentStatus metadata={} spec={} status={}
storage.v1.VolumeAttachmentSource inlineVolumeSpec:core.v1.PersistentVolumeSpec
storage.v1.VolumeAttachmentSpec source:storage.v1.VolumeAttachmentSource source={}
storage.v1.VolumeAttachmentStatus attachError:storage.v1.VolumeError attachmentMetadata:{} detachError:storage.v1.VolumeError attached=false
storage.v1.VolumeAttributesClass metadata:meta.v1.ObjectMeta parameters:{} metadata={}
storage.v1.VolumeError time:time
`;
