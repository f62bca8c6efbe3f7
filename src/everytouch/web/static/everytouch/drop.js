// A file is dropped anywhere on the page, or chosen: it is sent at once.
const form = document.getElementById("drop"), input = form?.querySelector("input[type=file]");

function send() {
  if (!input.files.length) return;
  form.querySelector(".sending").hidden = false;
  form.querySelector("button").disabled = true;
  form.submit();
}

function carries(event) { return [...(event.dataTransfer?.types ?? [])].includes("Files"); }

if (form) {
  input.addEventListener("change", send);
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; send(); }
  });
  addEventListener("pageshow", () => {  // also when one comes back to it
    form.querySelector(".sending").hidden = true;
    form.querySelector("button").disabled = false;
  });
}
