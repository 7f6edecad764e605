// One test at a time: the thread count of libtorch belongs to the process, and some tests measure time or memory.
[assembly: DoNotParallelize]
