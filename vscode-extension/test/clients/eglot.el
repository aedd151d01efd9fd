;;; Emacs in batch mode: the block of docs/editors.md is run as it stands there, then one file is opened, its finding
;;; waited for, its fix made and the file saved.  What was seen is printed as JSON.
(require 'json)
(package-initialize)
(load (getenv "MMAPLINT_CONFIG") nil t)

(defun wait-for (what ask)
  "Wait until ASK, which is about WHAT, answers with something."
  (let ((end (+ (float-time) 20)) answer)
    (while (not (setq answer (funcall ask)))
      (when (> (float-time) end) (error "not within 20 s: %s" what))
      (accept-process-output nil 0.05))
    answer))

(defun findings ()
  "What the server has told of the buffer."
  (flymake-start)
  (flymake-diagnostics))

(find-file (getenv "MMAPLINT_FILE"))
;; Eglot starts with the first command; in batch mode there is none.
(run-hooks 'post-command-hook)
(wait-for "a server" #'eglot-current-server)
(let* ((finding (car (wait-for "a finding" #'findings)))
       (from (flymake-diagnostic-beg finding))
       (actions (eglot-code-actions from (flymake-diagnostic-end finding)))
       (fix (seq-find (lambda (action) (plist-get action :isPreferred)) actions))
       (line (line-number-at-pos from)))
  (eglot--apply-workspace-edit (plist-get fix :edit))
  ;; Changes are told by an idle timer, which batch mode does not run.
  (eglot--signal-textDocument/didChange)
  (save-buffer)
  (wait-for "no finding" (lambda () (null (findings))))
  (princ (json-encode `((text . ,(flymake-diagnostic-text finding))
                        (line . ,line)
                        (action . ,(plist-get fix :title))))))
(eglot-shutdown-all)
