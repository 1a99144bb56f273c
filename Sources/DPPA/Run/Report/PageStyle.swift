/// The look of a page, and the script that sorts its tables.
///
/// Neither holds a character that XML gives a meaning.
enum PageStyle {
    static let sheet = """
        :root { color-scheme: light dark; --ink: #17202b; --faint: #5c6b7d; --line: #dbe1e9; --paper: #ffffff;
          --panel: #f4f6f9; --low: #e4ecf7; --high: #0a4a94; --over: #ffffff; --mark: #c2410c; --warm: #fdf1e7; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --faint: #99a6b7; --line: #2e3846;
          --paper: #10151c; --panel: #181f29; --low: #1d2b40; --high: #86bdff; --over: #0d131b; --mark: #fb923c;
          --warm: #2b2018; } }
        * { box-sizing: border-box; }
        body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
          background: var(--paper); margin: 0; }
        main { max-width: 74rem; margin: 0 auto; padding: 2rem clamp(1rem, 3vw, 2.5rem) 4rem; }
        h1 { font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
        h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
        h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
        h1, h2, h3, p, dd, li, figcaption { overflow-wrap: anywhere; }
        p { max-width: 46rem; margin: .5rem 0; } .lead { font-size: 1.1rem; color: var(--faint); }
        .note, figcaption { color: var(--faint); font-size: .875rem; max-width: 52rem; }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1.25rem; margin: 1.25rem 0;
          font-size: .9375rem; }
        dt { color: var(--faint); } dd { margin: 0; font-variant-numeric: tabular-nums; }
        pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { background: var(--panel); padding: .9rem 1rem; border-radius: .5rem; overflow-x: auto;
          font-size: .8125rem; line-height: 1.5; margin: .75rem 0; }
        td { overflow-wrap: break-word; } td code { font-size: .8125rem; }
        .notice { list-style: none; margin: 1rem 0; padding: 0; }
        .notice li { border-left: 4px solid var(--mark); background: var(--warm); border-radius: .25rem;
          margin: .5rem 0; }
        .notice pre { background: none; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
          padding: .6rem .9rem; }
        nav { background: var(--panel); border-radius: .5rem; padding: 1rem 1.25rem; margin: 1.5rem 0; }
        nav h2 { border: 0; margin: 0 0 .5rem; padding: 0; font-size: 1rem; }
        nav ul { list-style: none; margin: 0; padding: 0; columns: 17rem; font-size: .9rem; }
        nav li { break-inside: avoid; } nav .level-2 { padding-left: 1rem; } nav .level-1 { font-weight: 600; }
        a { color: var(--high); text-decoration-thickness: 1px; text-underline-offset: .15em; }
        .scroll { overflow-x: auto; margin: .75rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
        th, td { text-align: left; padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--line);
          vertical-align: top; }
        th.n, td.n { text-align: right; white-space: nowrap; }
        th { color: var(--faint); font-weight: 600; white-space: nowrap; }
        td { min-width: 3rem; max-width: 34rem; }
        th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--high); }
        th button:hover { color: var(--ink); }
        th[aria-sort=ascending] button::after { content: " ↑"; }
        th[aria-sort=descending] button::after { content: " ↓"; }
        tr.marked td { background: var(--warm); font-weight: 600; }
        details { margin: .75rem 0; } summary { cursor: pointer; color: var(--high); font-size: .9375rem; }
        figure { margin: 2rem 0; break-inside: avoid; } figure h3 { margin: 0 0 .6rem; }
        .panels { display: grid; gap: 1.1rem 2rem; }
        .panels.few { grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
        .panel { min-width: 0; break-inside: avoid; container-type: inline-size; }
        .panel h4 { font-size: .875rem; font-weight: 600; margin: 0 0 .3rem; overflow-wrap: anywhere; }
        .panel h4 span { color: var(--faint); font-weight: 400; }
        .heat { display: grid; grid-template-columns: minmax(3rem, max-content) repeat(var(--n), minmax(0, 1fr));
          max-width: calc(var(--n) * 4.5rem + 12rem); gap: 1px; font-size: .75rem; line-height: 1.35rem;
          font-variant-numeric: tabular-nums; }
        .heat .row { text-align: right; padding-right: .6rem; max-width: 13rem; overflow: hidden;
          text-overflow: ellipsis; white-space: nowrap; }
        .heat i { background: color-mix(in oklab, var(--high) calc(var(--v) * 1%), var(--low)); min-height: 1.35rem;
          border-radius: 2px; font-style: normal; text-align: center; overflow: hidden; }
        .heat i.minus { background: color-mix(in oklab, var(--mark) calc(var(--v) * 1%), var(--low)); }
        .heat i.none { background: repeating-linear-gradient(45deg, transparent 0 3px, var(--line) 3px 4px); }
        .heat i.over { color: var(--over); }
        .heat.many { gap: 1px 0; } .heat.many i { border-radius: 0; }
        .tick { color: var(--faint); text-align: center; white-space: nowrap; width: 0; justify-self: center;
          display: flex; justify-content: center; font-size: .75rem; line-height: 1.2rem; }
        .axis { color: var(--faint); font-size: .75rem; text-align: center; }
        @container (max-width: 30rem) { .heat .row { max-width: 7rem; } .heat i { font-size: 0; } }
        .legend { display: grid; grid-template-columns: auto minmax(4rem, 16rem) auto; gap: .6rem; align-items: center;
          justify-content: start; font-size: .8125rem; margin-top: .75rem; font-variant-numeric: tabular-nums; }
        .legend i { height: .65rem; border-radius: 2px; }
        .plot { display: grid; grid-template-columns: 4.5rem minmax(0, 1fr); font-size: .75rem;
          font-variant-numeric: tabular-nums; max-width: calc(var(--n) * 4.5rem + 8rem); }
        .plot .area { position: relative; height: 11rem; grid-column: 2; margin: .5rem 0 .1rem; }
        .plot .lines { position: absolute; left: 0; right: 0; height: 0; border-top: 1px solid var(--line); }
        .plot .lines b { position: absolute; right: 100%; padding-right: .6rem; transform: translateY(-50%);
          color: var(--faint); font-weight: 400; white-space: nowrap; }
        .plot .lines.zero { border-color: var(--faint); }
        .plot .columns, .plot .ticks { display: grid; grid-template-columns: repeat(var(--n), minmax(0, 1fr)); }
        .plot .columns { position: absolute; inset: 0; }
        .plot .ticks, .plot .axis { grid-column: 2; }
        .plot .columns u { position: relative; text-decoration: none; }
        .plot .columns i { position: absolute; left: 12%; right: 12%; background: var(--high); min-height: 1px;
          border-radius: 2px 2px 0 0; }
        .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
        .plot polyline { fill: none; stroke: var(--high); stroke-width: 1.5; opacity: .55;
          vector-effect: non-scaling-stroke; }
        .plot .columns .point, .plot .columns .error { left: 50%; right: auto; border-radius: 50%; }
        .plot .columns .point { width: .6rem; height: .6rem; margin: 0 0 -.3rem -.3rem; }
        .plot .columns .error { width: 2px; margin-left: -1px; border-radius: 0; background: var(--faint); }
        .plot .columns .best { outline: 2px solid var(--high); outline-offset: 2px; }
        .plot .columns .taken { background: var(--mark); }
        .plot .columns .partial { opacity: .4; }
        .plot .dots { position: absolute; inset: 0; }
        .plot .dots i { position: absolute; width: .6rem; height: .6rem; margin: 0 0 -.3rem -.3rem; border-radius: 50%;
          background: var(--faint); opacity: .7; }
        .plot .dots .front { background: var(--high); opacity: 1; }
        .plot .dots .taken { background: var(--mark); opacity: 1; }
        .plot .numbers { position: relative; grid-column: 2; height: 1.2rem; color: var(--faint); }
        .plot .numbers b { position: absolute; transform: translateX(-50%); font-weight: 400; white-space: nowrap; }
        .key { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; font-size: .8125rem; margin: .6rem 0 0; padding: 0;
          list-style: none; }
        .key i { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; background: var(--high);
          margin-right: .5rem; }
        .key i.taken { background: var(--mark); }
        .key i.other { background: var(--faint); opacity: .7; }
        .key i.best { outline: 2px solid var(--high); outline-offset: 2px; margin-left: 4px; }
        .key i.error { width: 2px; height: .9rem; border-radius: 0; background: var(--faint); vertical-align: -.15rem; }
        .bars { display: grid; grid-template-columns: fit-content(50%) minmax(3rem, 24rem) max-content; gap: .25rem .75rem;
          font-size: .8125rem; align-items: center; font-variant-numeric: tabular-nums; }
        .bars .name { overflow-wrap: anywhere; }
        .bars .track { position: relative; height: .8rem; background: var(--panel); border-radius: 2px; }
        .bars .track i { position: absolute; top: 0; bottom: 0; background: var(--high); border-radius: 2px;
          min-width: 1px; }
        .bars .track i.error { top: 25%; bottom: 25%; background: var(--mark); opacity: .75; }
        footer { margin-top: 3rem; color: var(--faint); font-size: .8125rem; }
        @media print {
          :root { --ink: #000000; --faint: #444444; --line: #cccccc; --paper: #ffffff; --panel: #f4f4f4; --low: #e4ecf7;
            --high: #0a4a94; --over: #ffffff; --mark: #c2410c; --warm: #fdf1e7; }
          * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
          html { font-size: 11px; } body { font-size: 1rem; } main { padding: 0; max-width: none; }
          h2 { break-after: avoid; margin-top: 1.5rem; } h3 { break-after: avoid; }
          pre, code { white-space: pre-wrap; overflow-wrap: anywhere; } .scroll { overflow: visible; }
          th { white-space: normal; } td.n { white-space: normal; } td { min-width: 0; }
          th, td { padding-right: .6rem; } nav { display: none; } table { font-size: .8125rem; }
          td, td code { overflow-wrap: anywhere; }
          @page { margin: 14mm; }
        }
        """

    /// Sorts a table by the column whose head is pressed: numbers by value, text with its numbers in order.
    static let sorting = """
        "use strict";
        document.addEventListener("click", function (event) {
          const button = event.target.closest("th button");
          if (!button) { return; }
          const head = button.parentElement, table = head.closest("table"), body = table.tBodies[0];
          const column = head.cellIndex, isNumber = head.classList.contains("n");
          const sorted = head.getAttribute("aria-sort");
          // Large numbers first, text from A on.
          const descending = isNumber ? sorted !== "descending" : sorted === "ascending";
          for (const other of table.tHead.rows[0].cells) { other.removeAttribute("aria-sort"); }
          head.setAttribute("aria-sort", descending ? "descending" : "ascending");
          const order = new Intl.Collator("en", { numeric: true });
          function key(row) {
            const cell = row.cells[column];
            if (!isNumber) { return cell.textContent; }
            const value = parseFloat(cell.dataset.v);
            return Number.isNaN(value) ? -Infinity : value;
          }
          const rows = Array.from(body.rows).map(function (row) { return { row: row, key: key(row) }; });
          rows.sort(function (a, b) {
            const found = isNumber ? Math.sign(a.key - b.key) || 0 : order.compare(a.key, b.key);
            return descending ? -found : found;
          });
          body.append(...rows.map(function (entry) { return entry.row; }));
        });
        """
}
