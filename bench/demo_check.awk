# Reads the table of `make demo` and fails unless the merged model scores above the base on every task.
# A row is a model and, for each task, value ± error.
NR == 1 { for (i = 2; i <= NF; i++) task[i - 1] = $i }
$1 ~ /\/(base|dppa)$/ {
  name = $1; sub(/.*\//, "", name)
  for (i = 2; i <= NF; i += 3) score[name, (i + 1) / 3] = $i
  count[name] = (NF - 1) / 3
}
END {
  if (!count["base"] || count["base"] != count["dppa"] || count["dppa"] != length(task)) {
    print "the table lacks the row of base or dppa, or one of their scores" > "/dev/stderr"; exit 1
  }
  for (k = 1; k <= count["dppa"]; k++) {
    if (score["dppa", k] <= score["base", k]) {
      print task[k] ": the merged model scores " score["dppa", k] ", the base " score["base", k] > "/dev/stderr"; failed = 1
    }
  }
  if (failed) exit 1
  print "the merged model is above the base on every task"
}
