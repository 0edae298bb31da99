module obsctl.invalid/lab/standin

go 1.24
