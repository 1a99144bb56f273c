/// The version of the program and of the engine.
public let version = "0.1.0"
