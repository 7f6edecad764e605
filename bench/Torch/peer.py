"""The other side of the torch benchmark: the same network and loop in PyTorch.

Reads one command a line, 'foreach EPOCHS' or 'loop EPOCHS' (the two forms of PyTorch's Adam), and answers with one line:
the samples per second of all epochs but the first, and every epoch's mean loss.
"""

import sys
import time

import torch

ROWS, WIDTH, BATCH = 8192, 784, 128


def train(foreach, epochs):
    torch.manual_seed(1)
    rows = torch.rand(ROWS, WIDTH)
    model = torch.nn.Sequential(
        torch.nn.Linear(WIDTH, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, WIDTH),
        torch.nn.Sigmoid(),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=foreach)
    losses = []
    start = 0.0
    for epoch in range(epochs):
        if epoch == 1:
            start = time.perf_counter()
        order = torch.randperm(ROWS)
        total = torch.zeros(())
        for i in range(0, ROWS, BATCH):
            batch = rows[order[i : i + BATCH]]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            total += loss.detach()
        losses.append(total.item() / (ROWS // BATCH))
    seconds = time.perf_counter() - start
    return ROWS * (epochs - 1) / seconds, losses


torch.set_num_threads(1)
print(torch.__version__, flush=True)
for line in sys.stdin:
    form, epochs = line.split()
    speed, losses = train(form == "foreach", int(epochs))
    print(speed, *losses, flush=True)
