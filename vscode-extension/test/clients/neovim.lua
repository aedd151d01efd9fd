-- Neovim without a window: the block of docs/editors.md is run as it stands there, then one file is opened, its finding
-- waited for, its fix made and the file saved. What was seen is printed as JSON.
local function wait(what, ask)
  if not vim.wait(20000, ask, 50) then
    error("not within 20 s: " .. what)
  end
end

local function work()
  dofile(vim.env.MMAPLINT_CONFIG)
  vim.cmd("filetype on")
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.MMAPLINT_FILE))
  wait("a finding", function()
    return #vim.diagnostic.get(0) > 0
  end)
  local finding = vim.diagnostic.get(0)[1]
  local seen = { line = finding.lnum + 1, severity = finding.severity, text = finding.message }

  vim.api.nvim_win_set_cursor(0, { finding.lnum + 1, finding.col })
  local client = vim.lsp.get_active_clients()[1]
  local function ask(method, parameters)
    local answer = client.request_sync(method, parameters, 10000, 0)
    return answer and answer.result
  end
  seen.hover = ask("textDocument/hover", vim.lsp.util.make_position_params(0, client.offset_encoding)).contents.value
  local parameters = vim.lsp.util.make_range_params(0, client.offset_encoding)
  parameters.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics() }
  for _, action in ipairs(ask("textDocument/codeAction", parameters)) do
    if action.isPreferred then
      seen.action = action.title
      vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    end
  end
  vim.cmd("write")
  wait("no finding", function()
    return #vim.diagnostic.get(0) == 0
  end)
  return seen
end

local done, result = pcall(work)
io.stdout:write(done and vim.json.encode(result) or tostring(result))
vim.cmd(done and "qall!" or "cquit!")
