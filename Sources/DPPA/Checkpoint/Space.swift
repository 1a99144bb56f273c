/// What kind of quantity a field is, which decides what may be combined with what.
///
/// model − model = delta; delta ± delta, value · delta and `where(mask, delta, 0)` are deltas; model ± delta = model;
/// everything else is a value.
public enum Space: String, Hashable, Sendable {
    case model
    case delta
    case value
}
