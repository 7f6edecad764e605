// Tests of one class share files; those of two classes do not.
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.ClassLevel)]
