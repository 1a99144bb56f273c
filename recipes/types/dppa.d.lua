---@meta dppa.v1
-- Made from the program's own table of names: `make reference`.

---@alias dppa.Scope "row"|"column"|"tensor"|"layer"|"model"|dppa.Group
---@class dppa.Group
---@class dppa.Gradient
---@alias dppa.PerTensor number|dppa.Gradient|dppa.Field|table<string, number|dppa.Gradient>
---@alias dppa.PerExpert dppa.PerTensor|dppa.PerTensor[]

---A value for every element of every tensor of its selection, or for every row, tensor, layer or the model.
---@class dppa.Field
---@operator add(dppa.Field|number): dppa.Field
---@operator sub(dppa.Field|number): dppa.Field
---@operator mul(dppa.Field|number): dppa.Field
---@operator div(dppa.Field|number): dppa.Field
---@operator pow(dppa.Field|number): dppa.Field
---@operator band(dppa.Field|number): dppa.Field
---@operator bor(dppa.Field|number): dppa.Field
---@operator unm: dppa.Field
---@operator bnot: dppa.Field
local Field = {}

---A rule on the linears, or on another part with `on = glob`, or a rule for each of several globs; `rest`, in the options or beside the globs, is "keep", "drop" or a rule.
---@param rules function|table<string, function|"keep"|"drop">
---@param options? { on?: string|(string)[], rest?: function|"keep"|"drop" }
---@return dppa.Field
function Field:apply(rules, options) end

---A random mask that holds with probability `p`: where uniform < p.
---@param p dppa.Field|number
---@param options? { seed?: integer, stream?: string }
---@return dppa.Field
function Field:bernoulli(p, options) end

---Where the field equals `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:eq(y) end

---Where the field is greater than or equal to `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:ge(y) end

---Where the field is greater than `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:gt(y) end

---Where the field is less than or equal to `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:le(y) end

---The field on the weight matrices of the linear modules inside blocks.
---@return dppa.Field
function Field:linears() end

---The best approximation of a delta's matrices by low rank, U S V^T of the leading triplets: a delta again. Returned or saved, it is written as a LoRA adapter that PEFT reads; on a base it is the model with that adapter.
---@param options? { rank?: integer|"exact", energy?: number, max_rank?: integer, targets?: string|(string)[], rest?: "error"|"drop"|"save", base?: dppa.Field, precision?: "f64"|"f32", seed?: integer }
---@return dppa.Field
function Field:lora(options) end

---Where the field is less than `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:lt(y) end

---Random numbers of [0, 1) for every element, a value for each share: one serial stream of the Mersenne Twister MT19937 with 24 bits a number, as PyTorch draws on a processor. It goes through the tensors in bytewise order of names, in each through the shares, in these through the elements; where a share is 1 it draws nothing.
---@param shares (dppa.Field|number)[]
---@param options? { seed?: integer, zero?: boolean }
---@return dppa.Field[]
function Field:mt19937(shares, options) end

---Makes a coarse node part of the report and of the run's JSON.
---@param name string
---@return dppa.Field
function Field:named(name) end

---Where the field differs from `y`.
---@param y dppa.Field|number
---@return dppa.Field
function Field:ne(y) end

---Writes a model, or an adapter that `lora` gave, into a subdirectory of the output.
---@param name string
---@param options? { dtype?: "f64"|"f32"|"f16"|"bf16", types?: table<string, "f64"|"f32"|"f16"|"bf16">, tokenizer?: dppa.Field, chat_template?: dppa.Field|"auto"|string, config?: dppa.Field, pack?: dppa.Field, partial?: boolean }
function Field:save(name, options) end

---The field on the tensors whose names match a glob, or one of a list of globs.
---@param glob string|(string)[]
---@return dppa.Field
function Field:select(glob) end

---Random numbers of [0, 1) for every element: Philox 4×32-10 by seed, stream, tensor name and index.
---@param options? { seed?: integer, stream?: string }
---@return dppa.Field
function Field:uniform(options) end

---The numbers of a coarse node, computed now: one number, or a table by name.
---@return number|table<string, number>
function Field:value() end

---@class dppa
local dppa = {}

---The absolute value of each element.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.abs(x) end

---The arc cosine of each element, in radians.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.acos(x) end

---What goes into each linear of a model's blocks when it reads a text, as fields under the names of the weights: `norm`, sqrt(sum of x^2 over the tokens / lines), `mean` and `variance` over the tokens, vectors with a number for each input, and with `covariance` the matrix of x x^T summed over the tokens / tokens; also `tokens` and `samples`, how many tokens and lines there were, and `transposed`, the names of weights that are stored as inputs × outputs. The text is a task file; of a question it is the prompt with the answer. An expert of a mixture is told of by the tokens that go to it.
---@param model dppa.Field
---@param data string
---@param options? { samples?: integer, length?: integer, covariance?: boolean }
---@return table
function dppa.activations(model, data, options) end

---Matrices pruned by ALPS: those with as many weights whose products with the inputs are nearest, by many rounds; `covariance` is that of the inputs, in any scale.
---@param w dppa.Field
---@param covariance dppa.Field
---@param options? { sparsity?: dppa.Field|number, keep?: integer, group?: integer, rho?: number, rounds?: integer, damp?: number }
---@return dppa.Field
function dppa.alps(w, covariance, options) end

---Declares that a value is a delta.
---@param value dppa.Field
---@return dppa.Field
function dppa.as_delta(value) end

---Declares that a value is a model with the tensors of `like`.
---@param value dppa.Field
---@param like dppa.Field
---@return dppa.Field
function dppa.as_model(value, like) end

---The angle of the point (`x`, `y`) in radians, from −π to π, element by element.
---@param y dppa.Field|number
---@param x dppa.Field|number
---@return dppa.Field
function dppa.atan2(y, x) end

---The weighted mean of models: Σ weight·model / Σ weight; weights are numbers or nodes.
---@param options { models: (dppa.Field)[], weights?: any }
---@return dppa.Field
function dppa.average(options) end

---Disjoint masks of successive shares of the largest values.
---@param x dppa.Field
---@param shares (number)[]
---@param scope dppa.Scope
---@return dppa.Field[]
function dppa.bands(x, shares, scope) end

---A part of every matrix or vector, with zeros where it reaches outside. All numbers may differ from tensor to tensor, as `per_tensor` gives them.
---@param x dppa.Field
---@param options { rows?: dppa.Field|number, columns?: dppa.Field|number, from_row?: dppa.Field|number, from_column?: dppa.Field|number }
---@return dppa.Field
function dppa.block(x, options) end

---Numbers by name, for options and `per_tensor`: pairs of a glob and a number or gradient, of which the first that matches a tensor counts, and behind them what all others have. A glob that matches nothing is told.
---@param pairs any[]
---@return dppa.Gradient
function dppa.by_name(pairs) end

---Numbers for runs of layers from the first on, for options and `per_tensor`: pairs of how many layers and a number, a gradient over these layers, or what by_name gives. Embeddings belong to the first run, all else outside the layers to the last.
---@param runs (any[])[]
---@return dppa.Gradient
function dppa.by_slice(runs) end

---`x` cut to the range from `low` to `high`; a named clamp reports what it cut.
---@param x dppa.Field|number
---@param low dppa.Field|number
---@param high dppa.Field|number
---@return dppa.Field
function dppa.clamp(x, low, high) end

---The cosine of each element, in radians.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.cos(x) end

---How many values of a mask hold.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.count(x, scope) end

---The sums of each row, or of a vector, up to every element.
---@param x dppa.Field
---@return dppa.Field
function dppa.cumsum(x) end

---Σ x·y over a scope, in float64.
---@param x dppa.Field
---@param y dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.dot(x, y, scope) end

---A mask of matrices repaired by DSnoT, row by row, as many elements staying: so that what goes, times the sums of its inputs, adds up to little.
---@param w dppa.Field
---@param mask dppa.Field
---@param options { sums: dppa.Field, variance: dppa.Field, norm: dppa.Field, rounds?: integer, threshold?: number }
---@return dppa.Field
function dppa.dsnot(w, mask, options) end

---e to the power of each element.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.exp(x) end

---What is known of each tensor of a field: name, layer, depth, module, role, shape, numel, and of an adapter's delta the rank of its factors.
---@param field dppa.Field
---@return table[]
function dppa.facts(field) end

---Opens a base and the models that were made from it, fitted to each other: names, heads, vocabularies, parts that one of them lacks. Each thing that is done is a line of `check`, plan, card and report.
---@param models { base?: string, experts: (string)[], rows?: "base"|"expert"|"cut", vocabulary?: string, tokens?: table<string, string|{ from: string, token?: string, id?: integer, force?: boolean }>, pad_to_multiple?: integer, names?: table<string, string>, missing?: "parts"|"base", extra?: "parts"|"drop"|"keep", stacks?: "whole"|"apart", configs?: "refuse"|"warn", refuse?: ("names"|"heads"|"rows"|"missing"|"extra"|"mixtures")[] }
---@return dppa.Field, dppa.Field[]
function dppa.family(models) end

---Each element rounded towards minus infinity.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.floor(x) end

---Numbers along depth, for options and `per_tensor`: anchors are spread evenly over the blocks of a stack and joined by straight lines; outside the blocks embeddings have the first, all else the last.
---@param anchors (number)[]
---@param options? { outside?: number }
---@return dppa.Gradient
function dppa.gradient(anchors, options) end

---The products of all columns with each other: x^T x.
---@param x dppa.Field
---@return dppa.Field
function dppa.gram(x) end

---A scope of a recipe's own: tensors with equal keys belong together.
---@param rule function
---@return dppa.Group
function dppa.group(rule) end

---Matrices of equal row counts side by side, or vectors one after the other.
---@param parts (dppa.Field)[]
---@return dppa.Field
function dppa.hstack(parts) end

---Declares and opens the models of a recipe, fitted to each other as `family` does: the options `base`, `experts` (or `expert`), `rows`, `vocabulary`, `tokens`, `pad_to_multiple`, `missing`, `extra`, `stacks`, `configs` and `refuse`; the table gives defaults of paths, and `help` other texts.
---@param defaults { base?: string, experts?: (string)[], expert?: string, help?: table<string, string> }
---@return dppa.Field, dppa.Field[]
function dppa.inputs(defaults) end

---Reads a JSON file beside the recipe as a table.
---@param path string
---@return any
function dppa.json(path) end

---The value with an ascending index from 0 within a scope; NaN counts as the largest.
---@param x dppa.Field
---@param index dppa.Field|number
---@param scope dppa.Scope
---@return dppa.Field
function dppa.kth(x, index, scope) end

---The label of the model that a field comes from; nil if it comes from several.
---@param field dppa.Field
---@return string?
function dppa.label(field) end

---A model that is made block by block: the rule gets the linears of a block, a list with those of each model, and a list of what `activations` tells of their inputs, measured behind the blocks that were made before, each model on a text of its own; it gives what the tensors become. What the rule does not give is that of `start`.
---@param start dppa.Field
---@param sources ((any)[])[]
---@param rule function
---@param options? { samples?: integer, length?: integer, covariance?: boolean }
---@return dppa.Field
function dppa.layerwise(start, sources, rule, options) end

---The natural logarithm of each element.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.log(x) end

---The logarithm of Σ e^x over a scope, in float64 and without overflow; −inf where every value is, 0 of nothing.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.log_sum_exp(x, scope) end

---The product of two matrices, summed in float64 and rounded once.
---@param a dppa.Field
---@param b dppa.Field
---@return dppa.Field
function dppa.matmul(a, b) end

---The largest value over a scope; NaN if there is one.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.max(x, scope) end

---The larger of two values, element by element; NaN if either is.
---@param x dppa.Field|number
---@param y dppa.Field|number
---@return dppa.Field
function dppa.maximum(x, y) end

---The mean of `x` over a scope; of a mask exactly count / n; Σ weight·x / Σ weight if there is a weight.
---@param x dppa.Field
---@param scope dppa.Scope
---@param weight? dppa.Field|number
---@return dppa.Field
function dppa.mean(x, scope, weight) end

---A method that declares its arguments and options: calls are checked, defaults filled in, experts become deltas of the base, and what is per expert or tensor becomes a list or a field.
---@param declaration any
---@return function
function dppa.method(declaration) end

---The smallest value over a scope; NaN if there is one.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.min(x, scope) end

---The smaller of two values, element by element; NaN if either is.
---@param x dppa.Field|number
---@param y dppa.Field|number
---@return dppa.Field
function dppa.minimum(x, y) end

---A mixture of experts made of dense models: attention, norms, embeddings and head are the base's, each layer's MLP becomes a router and the MLPs of the experts. An expert is a model, opened or merged, or `{ model, prompts = { … } }`: texts, or lists of token ids, of what it is to get; `negative_prompts` of what it is not; `residual_scale` multiplies its `down_proj`. config.json becomes that of Mixtral, Qwen2-MoE or Qwen3-MoE.
---@param base dppa.Field
---@param experts (any)[]
---@param options? { gates?: "hidden"|"hidden_mean"|"embedding"|"random"|"uniform", experts_per_token?: integer, shared?: any, family?: "mixtral"|"qwen2_moe"|"qwen3_moe", seed?: integer, label?: string }
---@return dppa.Field
function dppa.mixture(base, experts, options) end

---Opens a model: a Hugging Face directory, a safetensors, PyTorch or GGUF file, or a LoRA adapter, which is a delta of its base; `label=path` gives it a label, `base+adapter` is a model with an adapter on it, `base+pack` the one that was packed.
---@param path string
---@param options? { label?: string, like?: dppa.Field, names?: table<string, string>, missing?: "parts"|"base", extra?: "parts"|"drop"|"keep", stacks?: "whole"|"apart", configs?: "refuse"|"warn", refuse?: ("names"|"heads"|"rows"|"missing"|"extra"|"mixtures")[] }
---@return dppa.Field
function dppa.model(path, options) end

---Opens several models, with the options of `model`.
---@param paths (string)[]
---@param options? { label?: string, like?: dppa.Field, names?: table<string, string>, missing?: "parts"|"base", extra?: "parts"|"drop"|"keep", stacks?: "whole"|"apart", configs?: "refuse"|"warn", refuse?: ("names"|"heads"|"rows"|"missing"|"extra"|"mixtures")[] }
---@return dppa.Field[]
function dppa.models(paths, options) end

---The mask of the `n` largest of each `m` consecutive elements of a row, among equals the first: 2 of 4 for the sparse matrix products of graphics processors.
---@param x dppa.Field
---@param n integer
---@param m integer
---@return dppa.Field
function dppa.n_of_m(x, n, m) end

---The Euclidean norm over a scope.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.norm(x, scope) end

---How many elements each tensor has, or each instance of a coarser scope.
---@param x dppa.Field
---@param scope? dppa.Scope
---@return dppa.Field
function dppa.numel(x, scope) end

---Declares an option that `--set name=value` sets, and gives its value; the default fixes its kind (number, text, boolean, list), or `kind` does.
---@param declaration { name: string, default?: any, min?: number, max?: number, help?: string, heading?: string, choices?: (string)[], kind?: "number"|"count"|"boolean"|"text"|"path"|"list", of?: "number"|"count"|"boolean"|"text"|"path", per?: "expert", nonempty?: boolean }
---@return any
function dppa.option(declaration) end

---Declares the options of a method as options of the recipe, and gives their values, none for one that has no default and is not set; `changed` names other defaults, and in its list part the only options to declare.
---@param method function
---@param changed? any
---@return table
function dppa.options(method, changed) end

---A number for each tensor: by a function of its facts (name, module, role, shape, numel, and inside a block layer and depth, 0 first, 1 last, which are nil elsewhere: `t.depth or 0`); from a gradient, `by_name` or `by_slice`; or from a table of globs.
---@param field dppa.Field
---@param rule function|dppa.Gradient|dppa.Field|table<string, number|dppa.Gradient>
---@return dppa.Field
function dppa.per_tensor(field, rule) end

---U V^T of x = U S V^T: the nearest matrix whose rows, or columns, are orthonormal; over the directions that x has.
---@param x dppa.Field
---@param options? { tolerance?: number, precision?: "f64"|"f32" }
---@return dppa.Field
function dppa.polar(x, options) end

---The ascending rank from 0 of each element within its row; among equals by index.
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.rank(x, scope) end

---Adds a table to the run's JSON and to the model card: its name, its columns, and rows as lists.
---@param table { name: string, columns: (string)[], rows: any[] }
function dppa.report(table) end

---Each element rounded to a storage type and back.
---@param x dppa.Field
---@param dtype "f64"|"f32"|"f16"|"bf16"|"f8_e4m3"|"f8_e5m2"
---@return dppa.Field
function dppa.round_to(x, dtype) end

---Scores a model, or each of a list of models built in one read, on a task file (of texts or of token ids), a list of them, or a table from names to files.
---@param model dppa.Field|(dppa.Field)[]
---@param tasks string|(string)[]|table<string, string>
---@param options? { details?: boolean, share?: number, on_failure?: "error"|"skip" }
---@return any
function dppa.score(model, tasks, options) end

---−1, 0 or 1 by the sign of each element; NaN stays NaN.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.sign(x) end

---The sine of each element, in radians.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.sin(x) end

---The least solution x of (a + r) x = b for a symmetric a without negative eigenvalues, such as `gram` gives; r is `ridge` times the mean of a's diagonal.
---@param a dppa.Field
---@param b dppa.Field
---@param options? { ridge?: number, tolerance?: number }
---@return dppa.Field
function dppa.solve(a, b, options) end

---What a field is: "model", "delta" or "value".
---@param field dppa.Field
---@return string
function dppa.space(field) end

---Matrices pruned column by column by SparseGPT, the columns behind making up for what goes; `covariance` is that of their inputs, as `activations` tells it, in any scale.
---@param w dppa.Field
---@param covariance dppa.Field
---@param options? { sparsity?: dppa.Field|number, keep?: integer, group?: integer, block?: integer, damp?: number }
---@return dppa.Field
function dppa.sparsegpt(w, covariance, options) end

---The numbers of a vector, one for each column of `like`, in all of its rows.
---@param vector dppa.Field
---@param like dppa.Field
---@return dppa.Field
function dppa.spread_columns(vector, like) end

---The numbers of a vector, one for each row of `like`, in all of its columns.
---@param vector dppa.Field
---@param like dppa.Field
---@return dppa.Field
function dppa.spread_rows(vector, like) end

---The square root of each element.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.sqrt(x) end

---A model made of layers of opened models, numbered anew: each slice is `{ model, layers = "0-15" }`, with layers from 0 as a text (`"0-7, 12, 20-23"`) or a list of numbers, all of them if left out; `scale` is a number for the tensors of the slice, or a table from globs to numbers (1 for all others). Embeddings come from the first slice's model, final norm and head from the last one's, the rest from the first. config.json says what the stack is.
---@param slices (any)[]
---@param options? { embeddings?: dppa.Field, head?: dppa.Field, config?: dppa.Field, label?: string }
---@return dppa.Field
function dppa.stack(slices, options) end

---The sum of `x` over a scope, in float64; Σ weight·x if there is a weight.
---@param x dppa.Field
---@param scope dppa.Scope
---@param weight? dppa.Field|number
---@return dppa.Field
function dppa.sum(x, scope, weight) end

---The thin singular value decomposition x = U S V^T of every matrix: `u` (m × k), `s` (a vector of k, descending) and `vt` (k × n), k the smaller side or `rank`. The largest component of each left vector is positive.
---@param x dppa.Field
---@param options? { rank?: dppa.Field|number, energy?: number, tolerance?: number, precision?: "f64"|"f32", seed?: integer }
---@return dppa.Field, dppa.Field, dppa.Field
function dppa.svd(x, options) end

---The hyperbolic tangent of each element.
---@param x dppa.Field|number
---@return dppa.Field
function dppa.tanh(x) end

---Opens a safetensors or PyTorch file of side tensors, such as Fisher weights, as plain values.
---@param path string
---@return dppa.Field
function dppa.tensors(path) end

---The mask of the ⌊fraction · n⌋ largest values of each instance of a scope, at least one if the fraction is above 0, or of the k largest with { count = k }; exact; among equals the lowest index; never a non-finite value.
---@param x dppa.Field
---@param fraction dppa.Field|number|{ count: dppa.Field|number }
---@param scope dppa.Scope
---@return dppa.Field
function dppa.top(x, fraction, scope) end

---Every matrix with rows and columns exchanged.
---@param x dppa.Field
---@return dppa.Field
function dppa.transpose(x) end

---The biased variance over a scope: mean((x − mean(x))²).
---@param x dppa.Field
---@param scope dppa.Scope
---@return dppa.Field
function dppa.variance(x, scope) end

---Matrices of equal column counts one below the other.
---@param parts (dppa.Field)[]
---@return dppa.Field
function dppa.vstack(parts) end

---The sum of weights to divide by: they must not cancel, |Σw| ≤ 1e-6·Σ|w|, on any tensor.
---@param weights (dppa.Field|number)[]
---@return number|dppa.Field
function dppa.weight_sum(weights) end

---A model's numbers as plain values.
---@param model dppa.Field
---@return dppa.Field
function dppa.weights(model) end

---`a` where the mask holds, elsewhere `b`.
---@param mask dppa.Field
---@param a dppa.Field|number
---@param b dppa.Field|number
---@return dppa.Field
function dppa.where(mask, a, b) end

---A field that is computed once and kept in memory, tensor by tensor, for rules that go on from it in many steps.
---@param x dppa.Field
---@return dppa.Field
function dppa.whole(x) end

return dppa
