// A comparison with a constant as a chain of gates, of which synthesis makes a third as many look-up
// tables as there are bits. A carry chain would take a whole logic cell for each bit.
(* techmap_celltype = "$lt $le $gt $ge" *)
module compare_with_constant (A, B, Y);
    parameter A_WIDTH = 0;
    parameter B_WIDTH = 0;
    parameter Y_WIDTH = 0;
    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter _TECHMAP_CELLTYPE_ = "";
    parameter _TECHMAP_CONSTMSK_B_ = 0;

    input [A_WIDTH-1:0] A;
    input [B_WIDTH-1:0] B;
    output [Y_WIDTH-1:0] Y;

    // An operand without bits would be read as [-1:0], two undriven bits.
    wire _TECHMAP_FAIL_ =
        !A_WIDTH || !B_WIDTH || !(&_TECHMAP_CONSTMSK_B_) || Y_WIDTH != 1 || A_SIGNED || B_SIGNED;

    localparam WIDTH = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
    wire [WIDTH-1:0] a = A;
    wire [WIDTH-1:0] b = B;

    // Of the lowest n bits: "A < B" in below[n], with equality as the operator wants it.
    localparam WITH_EQUAL = _TECHMAP_CELLTYPE_ == "$le" || _TECHMAP_CELLTYPE_ == "$gt";
    localparam INVERTED = _TECHMAP_CELLTYPE_ == "$gt" || _TECHMAP_CELLTYPE_ == "$ge";
    wire [WIDTH:0] below;
    assign below[0] = WITH_EQUAL;
    genvar n;
    generate
        for (n = 0; n < WIDTH; n = n + 1) begin
            assign below[n+1] = b[n] ? (below[n] || !a[n]) : (below[n] && !a[n]);
        end
    endgenerate
    assign Y = INVERTED ? !below[WIDTH] : below[WIDTH];
endmodule
