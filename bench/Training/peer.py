"""The other side of the training benchmark: the same network, batches and optimizer in PyTorch, on rows that are a tensor in memory.

Reads one command a line, 'FEATURES HIDDEN CODE ROWS BATCH EPOCHS THREADS FORM' with FORM 'foreach' or 'loop' (the two forms of PyTorch's Adam),
and answers with one line: the rows per second of all epochs but the first, and the last epoch's mean loss.
"""

import sys
import time

try:
    import torch
except ImportError:
    sys.exit(1)  # Without a line the benchmark goes on without PyTorch.


def train(features, hidden, code, count, batch, epochs, threads, foreach):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    rows = torch.rand(count, features)
    model = torch.nn.Sequential(
        torch.nn.Linear(features, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, code),
        torch.nn.Linear(code, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, features),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=foreach)
    start = 0.0
    loss_of_epoch = 0.0
    for epoch in range(epochs):
        if epoch == 1:
            start = time.perf_counter()
        order = torch.randperm(count)
        total = torch.zeros(())
        for i in range(0, count, batch):
            x = rows[order[i : i + batch]]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(model(x), x)
            loss.backward()
            optimizer.step()
            total += loss.detach() * x.shape[0]
        loss_of_epoch = total.item() / count
    return count * (epochs - 1) / (time.perf_counter() - start), loss_of_epoch


print(torch.__version__, flush=True)
for line in sys.stdin:
    *numbers, form = line.split()
    print(*train(*map(int, numbers), form == "foreach"), flush=True)
