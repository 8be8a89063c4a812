// Where the focus is when a page comes back after a form was sent: at what was refused, or where the question was
// asked, so that whoever works by keyboard goes on from there. `dialog.js` tells the place as event `place`.
const KEY = "place";

// A browser that keeps nothing for a page throws; then the focus begins at the top.
const kept = (use) => {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
};

document.addEventListener("place", (event) => {
  const place = JSON.stringify({ page: location.pathname, id: event.detail.id });
  kept((store) => store.setItem(KEY, place));
});

const left = kept((store) => JSON.parse(store.getItem(KEY)));
kept((store) => store.removeItem(KEY));
const refused = document.querySelector(".problem[role=alert][tabindex]");
const place = left?.page === location.pathname ? document.getElementById(left.id) : null;
(refused ?? place?.querySelector(".button"))?.focus({ preventScroll: !refused });
