/// The engine as one library: reading checkpoints, expressions over them, running and scoring them, writing models.
@_exported import DPPACheckpoint
@_exported import DPPAEvaluation
@_exported import DPPAExecution
@_exported import DPPAExpression
@_exported import DPPAKernels
@_exported import DPPARun
@_exported import DPPASupport
@_exported import DPPATokenization
